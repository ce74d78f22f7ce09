import { describe, expect, test } from "vitest";

import { ME, openPage, page, problem, row } from "./fakes";

const QUERY = { id: "Q1", what: "select 1", outcome: "running", startedAt: "2026-11-28T08:59:00Z", seconds: 60 };

test("a topic is loaded when somebody watches it, once for all who do", async () => {
  const { source, server, clock } = await openPage(row("A"));
  source.watch({ topic: "queries", sessionId: "A" });
  source.watch({ topic: "queries", sessionId: "A" });
  await clock.pass(100);
  expect(server.asked()).toEqual(["/workloads/sessions/A/queries"]);
  expect(source.snapshot.queries.A).toMatchObject({ items: [], problem: null });
});

test("a topic that is watched before the page is in step is loaded when it is", async () => {
  const { source, server, clock } = page();
  server.rows = [row("A")];
  source.watch({ topic: "log", sessionId: "A" });
  source.subscribe(() => undefined);
  await clock.pass(200);
  expect(source.snapshot.logs.A?.items).toEqual(["ready"]);
});

describe("queries", () => {
  test("are read again at each notice, while they are watched", async () => {
    const { source, server, clock } = await openPage(row("A"), row("B"));
    const stop = source.watch({ topic: "queries", sessionId: "A" });
    await clock.pass(100);
    server.asked();
    server.socket.tell({ kind: "query", sessionId: "A", sequence: null });
    server.socket.tell({ kind: "query", sessionId: "B", sequence: null });
    await clock.pass(100);
    expect(server.asked().filter((path) => path.endsWith("queries"))).toEqual(["/workloads/sessions/A/queries"]);
    stop();
    server.socket.tell({ kind: "query", sessionId: "A", sequence: null });
    await clock.pass(100);
    expect(server.asked().filter((path) => path.endsWith("queries"))).toEqual([]);
  });

  test("that begin or end are no reason to read the log", async () => {
    const { source, server, clock } = await openPage(row("A"));
    source.watch({ topic: "log", sessionId: "A" });
    await clock.pass(100);
    server.asked();
    server.socket.tell({ kind: "query", sessionId: "A", sequence: null });
    await clock.pass(100);
    expect(server.asked()).toEqual(["/workloads/sessions/A"]);
    server.socket.tell({ sessionId: "A" });
    await clock.pass(100);
    expect(server.asked()).toContain("/workloads/sessions/A/logs?tail=500");
  });

  test("do not move the number to go on from: a notice has none", async () => {
    const { server, clock } = await openPage(row("A"));
    server.socket.tell({ sessionId: "A" });
    server.socket.tell({ kind: "query", sessionId: "A", sequence: null });
    await clock.pass(100);
    server.socket.close();
    await clock.pass(1100);
    expect(server.socket.query).toBe("?after=11");
  });

  test("that are refused say why", async () => {
    const { source, server, clock } = await openPage(row("A"));
    server.answers.set("GET /workloads/sessions/A/queries", problem(403, "PERMISSION_DENIED", "To the owner only."));
    source.watch({ topic: "queries", sessionId: "A" });
    await clock.pass(100);
    expect(source.snapshot.queries.A).toMatchObject({ items: null, problem: { message: "To the owner only." } });
    expect(source.snapshot.link).toBe("live");
  });

  test("whose tasks the engine tells are read every two seconds while they run, but not on a hidden page", async () => {
    const { source, server, clock, visibility } = await openPage(row("A"));
    const running = { ...QUERY, tasks: { done: 212, total: 800 } };
    server.answers.set("GET /workloads/sessions/A/queries", { status: 200, json: { items: [running] } });
    source.watch({ topic: "queries", sessionId: "A" });
    await clock.pass(100);
    expect(source.snapshot.queries.A?.items?.[0]?.tasks).toEqual({ done: 212, total: 800 });
    server.asked();
    await clock.pass(2100);
    expect(server.asked()).toHaveLength(1);
    visibility.set(true);
    await clock.pass(60_000);
    expect(server.asked().length).toBeLessThanOrEqual(1);
  });

  test("whose tasks nobody tells are not asked for again", async () => {
    const { source, server, clock } = await openPage(row("A"));
    server.answers.set("GET /workloads/sessions/A/queries", { status: 200, json: { items: [QUERY] } });
    source.watch({ topic: "queries", sessionId: "A" });
    await clock.pass(100);
    server.asked();
    await clock.pass(60_000);
    expect(server.asked()).toEqual([]);
  });
});

test("the log of a session that starts is read every two seconds until it is ready", async () => {
  const { source, server, clock } = await openPage(row("A", { status: "pending" }));
  source.watch({ topic: "log", sessionId: "A" });
  await clock.pass(4200);
  expect(server.asked().length).toBeGreaterThanOrEqual(2);
  server.rows[0] = row("A");
  server.socket.tell({ sessionId: "A", newStatus: "active" });
  await clock.pass(5000);
  server.asked();
  await clock.pass(60_000);
  expect(server.asked()).toEqual([]);
});

test("watched topics are read again after the socket was gone", async () => {
  const { source, server, clock } = await openPage(row("A"));
  source.watch({ topic: "queries", sessionId: "A" });
  await clock.pass(100);
  server.asked();
  server.socket.close();
  await clock.pass(1500);
  expect(server.asked().filter((path) => path.endsWith("/queries"))).toHaveLength(1);
});

describe("ended sessions", () => {
  test("are read while they are watched, with their number", async () => {
    const { source, server, clock } = await openPage(row("A", { status: "closed" }), row("B", { status: "failed" }));
    expect(source.snapshot.ended).toBeNull();
    source.watch({ topic: "ended" });
    await clock.pass(100);
    expect(server.asked().sort()).toEqual(["/workloads/sessions?status=closed", "/workloads/sessions?status=failed"]);
    expect(source.snapshot.ended).toMatchObject({ total: 2, problem: null });
  });

  test("grow by those that end, each counted once", async () => {
    const { source, server, clock } = await openPage(row("A"), row("B", { status: "closed" }));
    source.watch({ topic: "ended" });
    await clock.pass(100);
    server.rows[0] = row("A", { status: "closed" });
    server.socket.tell({ sessionId: "A" });
    await clock.pass(100);
    expect(source.snapshot.ended?.total).toBe(2);
  });

  test("of which only the first page is here count one more when an old session ends", async () => {
    const { source, server, clock } = await openPage(row("OLD", { createdAt: "2026-11-01T00:00:00Z" }));
    server.rows.push(...Array.from({ length: 150 }, (_, index) => row(`E${index}`, { status: "closed" })));
    source.watch({ topic: "ended" });
    await clock.pass(100);
    expect(source.snapshot.ended?.total).toBe(150);
    server.rows[0] = row("OLD", { status: "closed", createdAt: "2026-11-01T00:00:00Z" });
    server.socket.tell({ sessionId: "OLD" });
    await clock.pass(100);
    expect(source.snapshot.ended?.total).toBe(151);
  });

  test("that cannot be read say why, and are loaded when it is over", async () => {
    const { source, server, clock } = await openPage(row("A", { status: "closed" }));
    server.answers.set("GET /workloads/sessions?status=closed", problem(500, "INTERNAL", "A fault."));
    const stop = source.watch({ topic: "ended" });
    await clock.pass(100);
    expect(source.snapshot.ended).toMatchObject({ items: null, problem: { message: "A fault." } });
    stop();
    server.answers.clear();
    source.watch({ topic: "ended" });
    await clock.pass(100);
    expect(source.snapshot.ended).toMatchObject({ items: [{ id: "A" }], problem: null });
  });
});

describe("a session by its id", () => {
  test("is found though no list has it", async () => {
    const { source, clock } = await openPage(row("OLD", { status: "closed" }));
    source.watch({ topic: "session", sessionId: "OLD" });
    await clock.pass(100);
    expect(source.snapshot.ended?.items?.[0]?.id).toBe("OLD");
    expect(source.snapshot.missing).toBeFalsy();
  });

  test("that is gone is told as missing", async () => {
    const { source, clock } = await openPage();
    source.watch({ topic: "session", sessionId: "GONE" });
    await clock.pass(100);
    expect(source.snapshot.missing?.GONE).toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("what the server does not have", () => {
  test("is not asked for: instance types and estimates are none", async () => {
    const { source, server, clock } = page();
    server.me = { ...ME, features: ["events"] };
    source.subscribe(() => undefined);
    await clock.pass(100);
    server.asked();
    source.watch({ topic: "instanceTypes" });
    source.watch({ topic: "estimates", kernelId: "k1" });
    await clock.pass(100);
    expect(server.asked()).toEqual([]);
    expect(source.snapshot.instanceTypes).toMatchObject({ items: [], problem: null });
    expect(source.snapshot.estimates.k1).toMatchObject({ items: [], problem: null });
  });
});

test("estimates are read for a kernel, and again when sessions or configs change", async () => {
  const { source, server, clock } = await openPage(row("A"));
  const path = "/start-estimates?kernelId=k1";
  const json = { items: [{ workloadConfigId: null, warm: true, medianSeconds: 1.5 }] };
  server.answers.set(`GET ${path}`, { status: 200, json });
  source.watch({ topic: "estimates", kernelId: "k1" });
  await clock.pass(100);
  expect(source.snapshot.estimates.k1?.items).toEqual([{ configId: null, warm: true, medianSeconds: 1.5 }]);
  server.asked();
  server.socket.tell({ sessionId: "A" });
  server.socket.tell({ kind: "config" });
  await clock.pass(100);
  expect(server.asked().filter((one) => one === path)).toHaveLength(1);
});

test("twenty sessions that end at once are read as lists, and stand among the ended ones", async () => {
  const rows = Array.from({ length: 20 }, (_, index) => row(`S${index}`));
  const { source, server, clock } = await openPage(...rows);
  server.rows = rows.map(({ id }) => row(id, { status: "closed" }));
  rows.forEach(({ id }) => server.socket.tell({ sessionId: id }));
  await clock.pass(300);
  expect(server.asked()).toHaveLength(5);
  expect(source.snapshot.sessions.items).toEqual([]);
  expect(source.snapshot.ended?.items).toHaveLength(20);
});

test("of topics that nobody watches any more, the latest stay at hand and the others are forgotten", async () => {
  const rows = Array.from({ length: 30 }, (_, index) => row(`S${index}`));
  const { source, clock } = await openPage(...rows);
  for (const { id } of rows) {
    const stop = source.watch({ topic: "log", sessionId: id });
    await clock.pass(100);
    stop();
  }
  expect(Object.keys(source.snapshot.logs)).toEqual(rows.slice(-20).map(({ id }) => id));
});
