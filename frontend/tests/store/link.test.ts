import { describe, expect, test } from "vitest";

import { ME, openPage, page, problem, row, START } from "./fakes";

const HTML = { status: 502, json: undefined };

describe("a socket that closes", () => {
  test("is opened again after a second, from the last event on, and then the lists are read once", async () => {
    const { source, server, clock } = await openPage(row("A"));
    server.socket.tell({ sessionId: "A" });
    await clock.pass(100);
    server.asked();
    server.socket.close();
    await clock.pass(1200);
    expect(server.sockets).toHaveLength(2);
    expect(server.socket.query).toBe("?after=11");
    expect(server.asked().filter((path) => path.includes("status="))).toHaveLength(3);
    expect(source.snapshot.link).toBe("live");
  });

  test("makes the page stale after three seconds, not before", async () => {
    const { source, server, clock } = await openPage();
    const closedAt = clock.now();
    server.sockets_are = "hanging";
    server.instead = "silent";
    server.socket.close();
    await clock.pass(2900);
    expect(source.snapshot.link).toBe("live");
    await clock.pass(200);
    expect(source.snapshot).toMatchObject({ link: "stale", asOf: closedAt });
  });

  test("makes the page stale after three seconds though the next try hangs, and that try is given up", async () => {
    const { source, server, clock } = await openPage();
    server.sockets_are = "hanging";
    server.held = new Promise(() => undefined);
    server.socket.close();
    await clock.pass(3100);
    expect(source.snapshot.link).toBe("stale");
    const hung = server.sockets.length;
    await clock.pass(60_000);
    expect(server.sockets.length).toBeGreaterThan(hung);
    server.sockets_are = "open";
    server.held = null;
    await clock.pass(60_000);
    expect(source.snapshot.link).toBe("live");
  });

  test("makes a hidden page, which does not try again, stale after three seconds too", async () => {
    const { source, server, clock, visibility } = await openPage();
    visibility.set(true);
    server.socket.close();
    await clock.pass(2900);
    expect(source.snapshot.link).toBe("live");
    await clock.pass(200);
    expect(source.snapshot.link).toBe("stale");
  });

  test("makes the page live again as soon as the server answers", async () => {
    const { source, server, clock } = await openPage(row("A"));
    server.sockets_are = "refused";
    server.instead = "silent";
    server.socket.close(4002);
    await clock.pass(4000);
    expect(source.snapshot).toMatchObject({ link: "stale", problem: { code: "UNREACHABLE" } });
    server.sockets_are = "open";
    server.instead = null;
    server.rows[0] = row("A", { status: "closed" });
    await clock.pass(5000);
    expect(source.snapshot).toMatchObject({ link: "live", problem: null, retryAt: null, sessions: { items: [] } });
  });

  test("and opens only to close again is tried more and more seldom", async () => {
    const { server, clock } = await openPage();
    for (let second = 0; second < 120; second++) {
      if (!server.socket.closedByPage) {
        server.socket.close();
      }
      await clock.pass(1000);
    }
    expect(server.sockets.length).toBeLessThan(12);
  });
});

test("a page tries again after 1, 2, 4 ... 60 seconds, and says when", async () => {
  const { source, server, clock } = await openPage();
  server.sockets_are = "refused";
  server.instead = "silent";
  const tries: number[] = [];
  let known = server.sockets.length;
  server.socket.close();
  let last = clock.now();
  for (let step = 0; step < 2000; step++) {
    await clock.pass(100);
    if (server.sockets.length > known) {
      known = server.sockets.length;
      tries.push(Math.round((clock.now() - last) / 1000));
      last = clock.now();
      expect(source.snapshot.retryAt).toBeGreaterThan(clock.now() - 100);
    }
  }
  expect(tries.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
});

test("Try again now asks at once, and waits for a second again afterwards", async () => {
  const { source, server, clock } = await openPage();
  server.sockets_are = "refused";
  server.instead = "silent";
  server.socket.close();
  await clock.pass(40_000);
  const before = server.sockets.length;
  source.retry();
  await clock.pass(10);
  expect(server.sockets).toHaveLength(before + 1);
  expect(source.snapshot.retryAt).toBe(clock.now() - 10 + 1000);
});

describe("a request that fails", () => {
  test("with a proxy's page makes the page stale, though the socket lives", async () => {
    const { source, server, clock } = await openPage(row("A"));
    server.answers.set("GET /workloads/sessions/A", HTML);
    server.socket.tell({ sessionId: "A" });
    await clock.pass(100);
    expect(source.snapshot).toMatchObject({ link: "stale", problem: { code: "UNREACHABLE", status: 502 } });
    expect(source.snapshot.sessions.items).toHaveLength(1);
    await clock.pass(2000);
    expect(source.snapshot.link).toBe("live");
  });

  test("with a proxy's page is no answer of the server, so that the page is as of before", async () => {
    const { source, server, clock } = await openPage(row("A"));
    const { asOf, skewMs } = source.snapshot;
    server.date = new Date(START + 3_600_000).toUTCString();
    server.answers.set("GET /workloads/sessions/A", HTML);
    await clock.pass(60_000);
    server.socket.tell({ sessionId: "A" });
    await clock.pass(100);
    expect(source.snapshot).toMatchObject({ link: "stale", asOf, skewMs });
  });

  test("with a 404 that is not ours, after the server has answered, comes from a proxy: the page tries again", async () => {
    const { source, server, clock } = await openPage();
    server.sockets_are = "refused";
    server.instead = { status: 404, json: undefined };
    server.socket.close();
    await clock.pass(2000);
    expect(source.snapshot.link).toBe("stale");
    server.sockets_are = "open";
    server.instead = null;
    await clock.pass(5000);
    expect(source.snapshot.link).toBe("live");
  });

  test("after the page has connected anew says nothing about the new connection", async () => {
    const { source, server, clock } = await openPage(row("A"));
    let release = (): void => undefined;
    server.held = new Promise((resolve) => (release = resolve));
    server.answers.set("GET /workloads/sessions/A", HTML);
    server.socket.tell({ sessionId: "A" });
    await clock.pass(60);
    server.held = null;
    server.answers.clear();
    source.retry();
    await clock.pass(100);
    release();
    await clock.pass(100);
    expect(source.snapshot).toMatchObject({ link: "live", problem: null });
  });

  test("with a refusal of its own leaves the page live", async () => {
    const { source, server, clock } = await openPage(row("A"));
    server.answers.set("GET /workloads/sessions/A", problem(403, "PERMISSION_DENIED", "Not yours."));
    server.socket.tell({ sessionId: "A" });
    await clock.pass(1000);
    expect(source.snapshot.link).toBe("live");
    expect(server.sockets).toHaveLength(1);
  });
});

test("after a refused upgrade, a page begins with the next event: the database may be another one", async () => {
  const { server, clock } = await openPage(row("A"));
  server.socket.tell({ sessionId: "A" });
  await clock.pass(100);
  server.sockets_are = "refused";
  server.socket.close();
  await clock.pass(1100);
  expect(server.socket.query).toBe("?after=11");
  server.sockets_are = "open";
  await clock.pass(10_000);
  expect(server.socket.query).toBe("");
});

describe("a server without events", () => {
  const withoutEvents = async () => {
    const opened = page();
    opened.server.me = { ...ME, features: [] };
    opened.server.sockets_are = "refused";
    opened.source.subscribe(() => undefined);
    await opened.clock.pass(100);
    opened.server.asked();
    return opened;
  };

  test("is asked every 10 seconds, and its socket no more", async () => {
    const { source, server, clock } = await withoutEvents();
    server.rows = [row("A")];
    await clock.pass(10_100);
    expect(server.asked()).toHaveLength(5);
    expect(server.sockets).toHaveLength(1);
    expect(source.snapshot.sessions.items).toHaveLength(1);
  });

  test("is asked every 60 seconds while the page is hidden, and at once when it is seen", async () => {
    const { server, clock, visibility } = await withoutEvents();
    visibility.set(true);
    await clock.pass(10_100);
    server.asked();
    await clock.pass(59_000);
    expect(server.asked()).toEqual([]);
    visibility.set(false);
    await clock.pass(10);
    expect(server.asked()).toHaveLength(5);
  });
});

describe("a hidden page", () => {
  test("does not try again until it is seen", async () => {
    const { source, server, clock, visibility } = await openPage();
    visibility.set(true);
    server.socket.close();
    await clock.pass(600_000);
    expect(server.sockets).toHaveLength(1);
    expect(source.snapshot.link).toBe("stale");
    visibility.set(false);
    await clock.pass(100);
    expect(server.sockets).toHaveLength(2);
    expect(source.snapshot.link).toBe("live");
  });

  test("tries at once when it is seen, however long it would have waited", async () => {
    const { server, clock, visibility } = await openPage();
    server.sockets_are = "refused";
    server.instead = "silent";
    server.socket.close();
    await clock.pass(70_000);
    const before = server.sockets.length;
    visibility.set(true);
    visibility.set(false);
    await clock.pass(10);
    expect(server.sockets).toHaveLength(before + 1);
  });

  test("keeps its socket and is told of events", async () => {
    const { source, server, clock, visibility } = await openPage(row("A"));
    visibility.set(true);
    server.rows[0] = row("A", { status: "idle" });
    server.socket.tell({ sessionId: "A" });
    await clock.pass(100);
    expect(source.snapshot.sessions.items?.[0]?.status).toBe("idle");
  });
});

test("a moment to try again is told by the server's clock", async () => {
  const { source, server, clock } = page();
  server.date = new Date(START + 3_600_000).toUTCString();
  source.subscribe(() => undefined);
  await clock.pass(100);
  server.socket.close();
  const { retryAt, skewMs } = source.snapshot;
  expect(retryAt).toBe(clock.now() + skewMs + 1000);
});
