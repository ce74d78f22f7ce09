import { describe, expect, test } from "vitest";

import { config } from "../../fixtures/data";
import { openPage, page, problem, row, START } from "./fakes";

const LISTS = [
  "/me",
  "/workloads/sessions?status=pending",
  "/workloads/sessions?status=active",
  "/workloads/sessions?status=idle",
  "/workloads/compute-configs",
];

describe("a page that nobody looks at", () => {
  test("asks nothing and opens no socket", async () => {
    const { server, clock } = page();
    await clock.pass(120_000);
    expect([server.requests, server.sockets]).toEqual([[], []]);
  });

  test("closes its socket after the last element has left, and has no timer any more", async () => {
    const { source, server, clock } = page();
    const leave = source.subscribe(() => undefined);
    await clock.pass(100);
    leave();
    await clock.pass(2000);
    expect(server.socket.closedByPage).toBe(true);
    expect(clock.waiting).toBe(0);
  });

  test("is out of step until it has read everything again", async () => {
    const { source, server, clock } = page();
    server.rows = [row("A")];
    const leave = source.subscribe(() => undefined);
    await clock.pass(100);
    leave();
    await clock.pass(3_600_000);
    server.asked();
    let release = (): void => undefined;
    server.held = new Promise((resolve) => (release = resolve));
    source.subscribe(() => undefined);
    source.watch({ topic: "queries", sessionId: "A" });
    await clock.pass(100);
    expect(source.snapshot).toMatchObject({ link: "loading", sessions: { items: [{ id: "A" }] } });
    expect(server.asked()).not.toContain("/workloads/sessions/A/queries");
    release();
    await clock.pass(200);
    expect(source.snapshot.link).toBe("live");
    expect(source.snapshot.queries.A?.items).toEqual([]);
  });

  test("keeps its socket while an element only moves in the page", async () => {
    const { source, server, clock } = page();
    const leave = source.subscribe(() => undefined);
    await clock.pass(100);
    leave();
    source.subscribe(() => undefined);
    await clock.pass(5000);
    expect(server.sockets).toHaveLength(1);
    expect(server.socket.closedByPage).toBe(false);
  });
});

describe("the first look", () => {
  test("asks five times and opens one socket", async () => {
    const { source, server, clock } = page();
    server.rows = [row("A")];
    source.subscribe(() => undefined);
    source.subscribe(() => undefined);
    await clock.pass(100);
    expect(server.asked().sort()).toEqual([...LISTS].sort());
    expect(server.sockets).toHaveLength(1);
    expect(source.snapshot).toMatchObject({ link: "live", me: { id: "M1" }, sessions: { total: 1 } });
  });

  test("shows sessions newest first, and tells whose they are", async () => {
    const { source } = await openPage(
      row("OLD", { createdAt: "2026-11-28T08:00:00Z", status: "idle" }),
      row("NEW", { memberId: "M2" }),
    );
    expect(source.snapshot.sessions.items?.map(({ id, mine }) => [id, mine])).toEqual([
      ["NEW", false],
      ["OLD", true],
    ]);
  });

  test("goes on without a socket that hangs", async () => {
    const { source, server, clock } = page();
    server.sockets_are = "hanging";
    source.subscribe(() => undefined);
    await clock.pass(3500);
    expect(source.snapshot.link).toBe("live");
    expect(server.asked().sort()).toEqual([...LISTS].sort());
  });

  test.each([1900, 2100, 2900])("asks five times, too, when the socket opens after %i ms", async (milliseconds) => {
    const { source, server, clock } = page();
    server.sockets_are = "hanging";
    source.subscribe(() => undefined);
    await clock.pass(milliseconds);
    server.socket.open();
    await clock.pass(10_000);
    expect(server.asked().sort()).toEqual([...LISTS].sort());
    expect(source.snapshot.link).toBe("live");
  });

  test("asks five times, too, when the socket opens or fails while the server is slow to answer", async () => {
    for (const outcome of ["open", "close"] as const) {
      const { source, server, clock } = page();
      let release = (): void => undefined;
      server.sockets_are = "hanging";
      server.held = new Promise((resolve) => (release = resolve));
      source.subscribe(() => undefined);
      await clock.pass(2500);
      server.socket[outcome]();
      await clock.pass(500);
      release();
      await clock.pass(5000);
      expect(server.asked().sort(), outcome).toEqual([...LISTS].sort());
      expect(source.snapshot.link, outcome).toBe("live");
    }
  });

  test("reads the lists again when the socket opens after they were read: an event between may be lost", async () => {
    const { source, server, clock } = page();
    server.sockets_are = "hanging";
    source.subscribe(() => undefined);
    await clock.pass(3500);
    server.asked();
    server.rows = [row("A")];
    server.socket.open();
    await clock.pass(100);
    expect(server.asked().sort()).toEqual(LISTS.slice(1).sort());
    expect(source.snapshot.sessions.items).toHaveLength(1);
  });

  test("shows the sessions though the configs cannot be read", async () => {
    const { source, server, clock } = page();
    server.rows = [row("A")];
    server.answers.set("GET /workloads/compute-configs", problem(403, "PERMISSION_DENIED", "Not for you."));
    source.subscribe(() => undefined);
    await clock.pass(100);
    expect(source.snapshot.link).toBe("live");
    expect(source.snapshot.sessions.items).toHaveLength(1);
    expect(source.snapshot.configs).toMatchObject({ items: null, problem: { message: "Not for you." } });
  });

  test("learns the server's clock from its answers, and keeps it while it only varies by the header's grain", async () => {
    const { source, server, clock } = page();
    server.date = new Date(START + 3_600_000).toUTCString();
    source.subscribe(() => undefined);
    await clock.pass(100);
    const { skewMs } = source.snapshot;
    expect(Math.abs(skewMs - 3_600_000)).toBeLessThanOrEqual(1000);
    server.socket.tell({ sessionId: "A" });
    await clock.pass(800);
    expect(source.snapshot.skewMs).toBe(skewMs);
  });

  test("does not take a slow answer for a clock that is behind", async () => {
    const { source, server, clock } = page();
    let release = (): void => undefined;
    server.date = new Date(START).toUTCString();
    server.held = new Promise((resolve) => (release = resolve));
    source.subscribe(() => undefined);
    await clock.pass(8000);
    release();
    await clock.pass(100);
    expect(source.snapshot).toMatchObject({ link: "live", skewMs: 0 });
  });

  test("learns that the server's clock is behind", async () => {
    const { source, server, clock } = page();
    server.date = new Date(START - 3_600_000).toUTCString();
    source.subscribe(() => undefined);
    await clock.pass(100);
    expect(Math.abs(source.snapshot.skewMs + 3_600_000)).toBeLessThanOrEqual(1000);
  });
});

describe("events", () => {
  test("of one session within 50 ms cause one request, for that session", async () => {
    const { source, server, clock } = await openPage(row("A"), row("B"));
    server.rows[0] = row("A", { status: "idle" });
    server.socket.tell({ sessionId: "A", newStatus: "idle" });
    await clock.pass(30);
    server.socket.tell({ sessionId: "A", newStatus: "idle" });
    await clock.pass(100);
    expect(server.asked()).toEqual(["/workloads/sessions/A"]);
    expect(source.snapshot.sessions.items?.find(({ id }) => id === "A")?.status).toBe("idle");
  });

  test("of more than ten sessions at once cause one reading of the lists", async () => {
    const rows = Array.from({ length: 11 }, (_, index) => row(`S${index}`));
    const { server, clock } = await openPage(...rows);
    rows.forEach(({ id }) => server.socket.tell({ sessionId: id }));
    await clock.pass(100);
    expect(server.asked().sort()).toEqual(LISTS.slice(1, 4).sort());
  });

  test("of more than ten sessions of which some have ended read how these ended", async () => {
    const rows = Array.from({ length: 11 }, (_, index) => row(`S${index}`));
    const { source, server, clock } = await openPage(...rows);
    server.rows[0] = row("S0", { status: "closed" });
    server.rows.push(row("NEW", { status: "failed" }));
    server.rows.forEach(({ id }) => server.socket.tell({ sessionId: id }));
    await clock.pass(500);
    expect(source.snapshot.sessions.items).toHaveLength(10);
    expect(source.snapshot.ended?.items?.map(({ id }) => id).sort()).toEqual(["NEW", "S0"]);
  });

  test("of a session whose status this page does not know take it out of the list", async () => {
    const { source, server, clock } = await openPage(row("A"));
    server.rows[0] = row("A", { status: "suspended" });
    server.socket.tell({ sessionId: "A", newStatus: "suspended" });
    await clock.pass(100);
    expect(source.snapshot.sessions.items).toEqual([]);
    expect(source.snapshot.ended?.items ?? []).toEqual([]);
  });

  test("that come while their session is being read cause another reading after it", async () => {
    const { source, server, clock } = await openPage(row("A"));
    let release = (): void => undefined;
    server.held = new Promise((resolve) => (release = resolve));
    server.socket.tell({ sessionId: "A" });
    await clock.pass(60);
    server.rows[0] = row("A", { status: "idle" });
    server.socket.tell({ sessionId: "A" });
    await clock.pass(200);
    expect(server.asked()).toEqual(["/workloads/sessions/A"]);
    server.held = null;
    release();
    await clock.pass(200);
    expect(server.asked()).toEqual(["/workloads/sessions/A"]);
    expect(source.snapshot.sessions.items?.[0]?.status).toBe("idle");
  });

  test("of a new session put it into the list", async () => {
    const { source, server, clock } = await openPage();
    server.rows = [row("A", { status: "pending" })];
    server.socket.tell({ sessionId: "A", newStatus: "pending" });
    await clock.pass(100);
    expect(source.snapshot.sessions).toMatchObject({ items: [{ id: "A", mine: true, ready: false }], total: 1 });
  });

  test("of an end move the session to the ended ones, with its reason", async () => {
    const { source, server, clock } = await openPage(row("A"));
    server.rows[0] = row("A", { status: "closed", terminationReason: "idle_timeout" });
    server.socket.tell({ sessionId: "A", newStatus: "closed" });
    await clock.pass(100);
    expect(source.snapshot.sessions).toMatchObject({ items: [], total: 0 });
    expect(source.snapshot.ended).toMatchObject({
      items: [{ id: "A", terminationReason: "idle_timeout" }],
      total: null,
    });
  });

  test("of a workload that is ready make its pending session ready", async () => {
    const { source, server, clock } = await openPage(row("A", { status: "pending" }));
    server.socket.tell({ sessionId: null, workloadId: "WA", newStatus: "ready" });
    await clock.pass(100);
    expect(source.snapshot.sessions.items?.[0]).toMatchObject({ status: "pending", ready: true });
  });

  test("of a config read the configs again", async () => {
    const { source, server, clock } = await openPage();
    server.configs = [{ id: "C1", name: "small" }];
    server.socket.tell({ kind: "config", workloadConfigId: "C1", newStatus: "created" });
    await clock.pass(100);
    expect(server.asked()).toEqual(["/workloads/compute-configs"]);
    expect(source.snapshot.configs.items?.[0]?.name).toBe("small");
  });

  test("of unknown kinds, and text that is no event, change nothing", async () => {
    const { source, server, clock } = await openPage(row("A"));
    server.socket.tell({ kind: "weather" });
    server.socket.tellText("<html>");
    server.socket.tellText("null");
    await clock.pass(1000);
    expect(server.asked()).toEqual([]);
    expect(source.snapshot.link).toBe("live");
  });

  test("show within 500 ms", async () => {
    const { source, server, clock } = await openPage(row("A"));
    let at = 0;
    source.subscribe(() => {
      at ||= source.snapshot.sessions.items?.[0]?.status === "idle" ? clock.now() : 0;
    });
    const told = clock.now();
    server.rows[0] = row("A", { status: "idle" });
    server.socket.tell({ sessionId: "A" });
    await clock.pass(1000);
    expect(at - told).toBeGreaterThan(0);
    expect(at - told).toBeLessThanOrEqual(100);
  });

  test("of a session that nobody may see any more take it out of the list", async () => {
    const { source, server, clock } = await openPage(row("A"));
    server.rows = [];
    server.socket.tell({ sessionId: "A" });
    await clock.pass(100);
    expect(source.snapshot.sessions.items).toEqual([]);
  });
});

test("while nothing changes, a page asks nothing for an hour", async () => {
  const { server, clock } = await openPage(row("A"));
  await clock.pass(3_600_000);
  expect(server.asked()).toEqual([]);
  expect(server.sockets).toHaveLength(1);
});

describe("long lists", () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      row(`S${String(index).padStart(3, "0")}`, { createdAt: new Date(START - index * 60_000).toISOString() }),
    );

  test("come by pages of 100, with the number of all at once", async () => {
    const { source, server, clock } = await openPage(...many(250));
    expect(source.snapshot.sessions).toMatchObject({ total: 250 });
    expect(source.snapshot.sessions.items).toHaveLength(100);
    const stop = source.watch({ topic: "more", of: "sessions" });
    await clock.pass(60);
    stop();
    await clock.pass(1000);
    expect(server.asked()).toEqual(["/workloads/sessions?status=active&marker=100"]);
    expect(source.snapshot.sessions.items).toHaveLength(200);
  });

  test("come whole while somebody watches for more", async () => {
    const { source, server, clock } = await openPage(...many(250));
    source.watch({ topic: "more", of: "sessions" });
    await clock.pass(1000);
    expect(source.snapshot.sessions.items?.map(({ id }) => id)).toEqual(server.rows.map(({ id }) => id));
    expect(source.snapshot.sessions.total).toBe(250);
  });

  test("keep the pages that were read when the lists are read again", async () => {
    const { source, server, clock } = await openPage(...many(250));
    source.watch({ topic: "more", of: "sessions" });
    await clock.pass(1000);
    server.socket.close();
    await clock.pass(2000);
    expect(source.snapshot.sessions.items).toHaveLength(250);
  });

  test("count a session once that an event tells before its page is read", async () => {
    const { source, server, clock } = await openPage(...many(250));
    server.socket.tell({ sessionId: "S249" });
    await clock.pass(100);
    expect(source.snapshot.sessions).toMatchObject({ total: 250 });
    expect(source.snapshot.sessions.items).toHaveLength(101);
  });
});

test("what an event told while a list was under way is not lost to that list", async () => {
  const { source, server, clock } = await openPage(row("A"));
  let release = (): void => undefined;
  server.socket.close();
  server.held = new Promise((resolve) => (release = resolve));
  await clock.pass(1100);
  const held = server.held;
  server.held = null;
  server.rows[0] = row("A", { status: "closed" });
  server.socket.tell({ sessionId: "A" });
  await clock.pass(100);
  expect(held).not.toBeNull();
  release();
  await clock.pass(500);
  expect(source.snapshot.sessions.items).toEqual([]);
  expect(source.snapshot.ended?.items?.[0]?.id).toBe("A");
});

describe("a session whose end has come", () => {
  const ends = { timeoutAt: "2026-11-28T09:10:00Z" };

  test("is looked at once, five seconds later, when no event has told of it", async () => {
    const { source, server, clock } = await openPage(row("A", ends), row("B"));
    await clock.pass(604_000);
    expect(server.asked()).toEqual([]);
    server.rows[0] = row("A", { status: "closed" });
    await clock.pass(2000);
    expect(server.asked()).toEqual(["/workloads/sessions/A"]);
    expect(source.snapshot.sessions.items?.map(({ id }) => id)).toEqual(["B"]);
  });

  test("and that lives on is not asked for again", async () => {
    const { server, clock } = await openPage(row("A", ends));
    await clock.pass(3_600_000);
    expect(server.asked()).toEqual(["/workloads/sessions/A"]);
  });

  test("in more days than a browser's timer holds is waited for", async () => {
    const { server, clock } = await openPage(row("A", { timeoutAt: "2026-12-30T09:00:00Z" }));
    await clock.pass(31 * 86_400_000);
    expect(server.asked()).toEqual([]);
  });
});

describe("a reading of the configs that is late", () => {
  const slowly = async () => {
    const { source, server, clock } = await openPage();
    let release = (): void => undefined;
    server.socket.tell({ kind: "config" });
    server.held = new Promise((resolve) => (release = resolve));
    await clock.pass(60);
    server.held = null;
    return { source, server, clock, release };
  };

  test("does not take back what this page has saved meanwhile", async () => {
    const { source, clock, release } = await slowly();
    source.putConfigs((configs) => [...configs, config({ id: "C1" })]);
    release();
    await clock.pass(100);
    expect(source.snapshot.configs.items?.map(({ id }) => id)).toEqual(["C1"]);
  });

  test("does not take the place of one that began later", async () => {
    const { source, server, clock, release } = await slowly();
    server.configs = [{ id: "C1", name: "small" }];
    source.retry();
    await clock.pass(100);
    release();
    await clock.pass(100);
    expect(source.snapshot.configs.items?.map(({ id }) => id)).toEqual(["C1"]);
  });
});
