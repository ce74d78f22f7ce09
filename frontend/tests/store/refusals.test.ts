import { describe, expect, test } from "vitest";

import { openPage, page, problem, row } from "./fakes";

describe("a login that ended", () => {
  test("told by the socket's close code ends all requests", async () => {
    const { source, server, clock } = await openPage();
    server.socket.close(4001);
    await clock.pass(600_000);
    expect(source.snapshot).toMatchObject({ link: "loggedOut", retryAt: null });
    expect(server.asked()).toEqual([]);
    expect(server.sockets).toHaveLength(1);
  });

  test("is found by one request after an upgrade that was refused, whatever the HTTP status", async () => {
    const { source, server, clock } = page();
    server.sockets_are = "refused";
    server.instead = problem(403, "UNAUTHENTICATED", "Log in to Jupyter first.");
    source.subscribe(() => undefined);
    await clock.pass(600_000);
    expect(server.asked()).toEqual(["/me"]);
    expect(source.snapshot).toMatchObject({ link: "loggedOut", problem: { message: "Log in to Jupyter first." } });
  });

  test("is found by the reading that an event caused", async () => {
    const { source, server, clock } = await openPage(row("A"));
    server.instead = problem(401, "UNAUTHENTICATED", "Log in first.");
    server.socket.tell({ sessionId: "A" });
    await clock.pass(600_000);
    expect(server.asked()).toEqual(["/workloads/sessions/A"]);
    expect(source.snapshot.link).toBe("loggedOut");
  });

  test("is over when somebody tries again after a new login", async () => {
    const { source, server, clock } = await openPage(row("A"));
    server.socket.close(4001);
    await clock.pass(100);
    source.retry();
    await clock.pass(100);
    expect(source.snapshot).toMatchObject({ link: "live", sessions: { total: 1 } });
  });
});

describe("403 without a code of ours", () => {
  test("is no logout: the page tries again", async () => {
    const { source, server, clock } = page();
    server.sockets_are = "refused";
    server.instead = { status: 403, json: { message: "Forbidden", reason: null } };
    source.subscribe(() => undefined);
    await clock.pass(100);
    expect(source.snapshot).toMatchObject({ link: "stale", problem: { code: "FOREIGN", status: 403 } });
    server.instead = null;
    await clock.pass(2000);
    expect(source.snapshot.link).toBe("live");
  });
});

test("a server without the extension is asked once", async () => {
  const { source, server, clock } = page();
  server.sockets_are = "refused";
  server.instead = { status: 404, json: undefined };
  source.subscribe(() => undefined);
  await clock.pass(600_000);
  expect(server.asked()).toEqual(["/me"]);
  expect(source.snapshot).toMatchObject({ link: "absent", retryAt: null });
});

describe("settings that are refused", () => {
  const refusing = async () => {
    const opened = page();
    opened.server.sockets_are = "refused";
    opened.server.instead = problem(503, "UNAVAILABLE", "A setting is wrong.", { reason: "settings_wrong" });
    opened.source.subscribe(() => undefined);
    await opened.clock.pass(100);
    return opened;
  };

  test("show their reason, and are not asked for again while nobody does anything", async () => {
    const { source, server, clock, visibility } = await refusing();
    expect(source.snapshot).toMatchObject({
      link: "refused",
      problem: { message: "A setting is wrong." },
      retryAt: null,
    });
    await clock.pass(3_600_000);
    visibility.set(true);
    await clock.pass(3_600_000);
    expect(server.asked()).toEqual(["/me"]);
    expect(server.sockets).toHaveLength(1);
  });

  test("are asked for once each time that somebody comes back to the page, until they are right", async () => {
    const { source, server, clock, visibility } = await refusing();
    server.asked();
    visibility.set(true);
    visibility.set(false);
    await clock.pass(60_000);
    expect(server.asked()).toEqual(["/me"]);
    expect(source.snapshot.link).toBe("refused");
    server.instead = null;
    visibility.set(true);
    visibility.set(false);
    await clock.pass(100);
    expect(source.snapshot.link).toBe("live");
  });

  test("are asked for when somebody wants to try again", async () => {
    const { source, server, clock } = await refusing();
    server.instead = null;
    source.retry();
    await clock.pass(100);
    expect(source.snapshot).toMatchObject({ link: "live", problem: null });
  });
});
