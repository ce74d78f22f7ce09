import { describe, expect, test } from "vitest";

import { Refused } from "../../src/api/client";
import { problemOf } from "../../src/api/problems";
import { relaunchBefore } from "../../src/model/here";
import { type Host, type HostAct, makeActs } from "../../src/store/acts";
import { ME, openPage, problem, row, type Row } from "./fakes";

async function acting(host: Partial<Host> = {}, ...rows: Row[]) {
  const opened = await openPage(...rows);
  const { source, server, clock } = opened;
  const asked: HostAct[] = [];
  const all: Host = { perform: (act) => void asked.push(act), ...host };
  const perform = makeActs({ source, requester: server.requester, clock, host: all });
  return { ...opened, asked, perform };
}

describe("close", () => {
  test("says at once that the session closes, and moves it to the ended ones when it has", async () => {
    const { source, server, clock, perform } = await acting({}, row("A"));
    void perform({ act: "close", sessionId: "A" });
    expect(source.snapshot.acts["session:A"]).toMatchObject({ phase: "running", act: { act: "close" } });
    server.rows[0] = row("A", { status: "closed" });
    await clock.pass(100);
    expect(server.asked()).toEqual(["POST /workloads/sessions/A/close", "/workloads/sessions/A"]);
    expect(source.snapshot).toMatchObject({ sessions: { items: [] }, ended: { items: [{ id: "A" }] } });
    expect(source.snapshot.acts["session:A"]?.phase).toBe("done");
    await clock.pass(3000);
    expect(source.snapshot.acts).toEqual({});
  });

  test("sends the reason", async () => {
    const { server, clock, perform } = await acting({}, row("A"));
    void perform({ act: "close", sessionId: "A", reason: "too dear" });
    await clock.pass(10);
    expect(server.requests[0]?.body).toEqual({ reason: "too dear" });
  });

  test("is a DELETE where the server takes no reasons", async () => {
    const { server, source, clock, perform } = await acting({}, row("A"));
    server.me = { ...ME, features: ["events"] };
    source.retry();
    await clock.pass(100);
    server.asked();
    void perform({ act: "close", sessionId: "A", reason: "too dear" });
    await clock.pass(10);
    expect(server.asked()).toEqual(["DELETE /workloads/sessions/A"]);
  });

  test("that is refused says why until it is dismissed, and the session stays", async () => {
    const { source, server, clock, perform } = await acting({}, row("A"));
    server.answers.set("POST /workloads/sessions/A/close", problem(403, "PERMISSION_DENIED", "Not yours."));
    void perform({ act: "close", sessionId: "A" });
    await clock.pass(600_000);
    expect(source.snapshot.acts["session:A"]).toMatchObject({
      phase: "failed",
      problem: { message: "Not yours.", requestId: "r-5f0c" },
    });
    expect(source.snapshot.sessions.items).toHaveLength(1);
    await perform({ act: "dismiss", subject: "session:A" });
    expect(source.snapshot.acts).toEqual({});
  });

  test("that failed can be tried again", async () => {
    const { source, server, clock, perform } = await acting({}, row("A"));
    server.answers.set("POST /workloads/sessions/A/close", "silent");
    void perform({ act: "close", sessionId: "A" });
    await clock.pass(100);
    expect(source.snapshot.acts["session:A"]).toMatchObject({ phase: "failed", problem: { code: "UNREACHABLE" } });
    server.answers.clear();
    void perform({ act: "close", sessionId: "A" });
    await clock.pass(100);
    expect(source.snapshot.acts["session:A"]?.phase).toBe("done");
  });

  test("that is asked twice is sent once", async () => {
    const { server, clock, perform } = await acting({}, row("A"));
    void perform({ act: "close", sessionId: "A" });
    void perform({ act: "close", sessionId: "A" });
    await clock.pass(10);
    expect(server.asked()).toEqual(["POST /workloads/sessions/A/close"]);
  });

  test("by somebody who is logged out shows that on the whole page", async () => {
    const { source, server, clock, perform } = await acting({}, row("A"));
    server.answers.set("POST /workloads/sessions/A/close", problem(403, "UNAUTHENTICATED", "Log in first."));
    void perform({ act: "close", sessionId: "A" });
    await clock.pass(100);
    expect(source.snapshot.link).toBe("loggedOut");
  });
});

test("another act on a session that something is done with is done too, and its state is shown", async () => {
  const { source, server, clock, perform } = await acting({}, row("A"));
  let release = (): void => undefined;
  server.held = new Promise((resolve) => (release = resolve));
  server.answers.set("POST /workloads/sessions/A/extend", problem(400, "INVALID_ARGUMENT", "Too long."));
  void perform({ act: "keep", sessionId: "A", seconds: 1800 });
  server.held = null;
  server.rows[0] = row("A", { status: "closed" });
  void perform({ act: "close", sessionId: "A" });
  await clock.pass(100);
  release();
  await clock.pass(100);
  expect(server.asked()).toContain("POST /workloads/sessions/A/close");
  expect(source.snapshot.acts["session:A"]).toMatchObject({ phase: "done", act: { act: "close" } });
});

describe("closing many", () => {
  const ids = ["A", "B", "C", "D", "E", "F"];

  test("sends four at a time, with the reason", async () => {
    const { server, clock, perform } = await acting({}, ...ids.map((id) => row(id)));
    let release = (): void => undefined;
    server.held = new Promise((resolve) => (release = resolve));
    void perform({ act: "closeMany", sessionIds: ids, reason: "the week is over" });
    await clock.pass(10);
    expect(server.requests.map(({ body }) => body)).toEqual(Array(4).fill({ reason: "the week is over" }));
    server.held = null;
    release();
    await clock.pass(20);
    expect(server.requests).toHaveLength(6);
  });

  test("is done when the page shows how the sessions ended", async () => {
    const { source, server, clock, perform } = await acting({}, ...ids.map((id) => row(id)));
    void perform({ act: "closeMany", sessionIds: ids });
    server.rows = ids.map((id) => row(id, { status: "closed" }));
    await clock.pass(200);
    expect(source.snapshot).toMatchObject({ sessions: { items: [] }, acts: { sessions: { phase: "done" } } });
    expect(source.snapshot.ended?.items).toHaveLength(6);
  });

  test("tells what each of those that failed answered", async () => {
    const { source, server, clock, perform } = await acting({}, ...ids.map((id) => row(id)));
    server.answers.set(
      "POST /workloads/sessions/C/close",
      problem(403, "PERMISSION_DENIED", "You do not administer it."),
    );
    void perform({ act: "closeMany", sessionIds: ids });
    await clock.pass(1000);
    expect(source.snapshot.acts.sessions).toMatchObject({
      phase: "failed",
      failures: { C: { message: "You do not administer it." } },
    });
    expect(Object.keys(source.snapshot.acts.sessions?.failures ?? {})).toEqual(["C"]);
  });
});

test("keep sends the seconds, and shows the new end at once", async () => {
  const { source, server, clock, perform } = await acting({}, row("A"));
  server.answers.set("POST /workloads/sessions/A/extend", {
    status: 200,
    json: row("A", { timeoutAt: "2026-11-28T17:40:00Z" }),
  });
  void perform({ act: "keep", sessionId: "A", seconds: 1800 });
  await clock.pass(10);
  expect(server.requests[0]).toMatchObject({ body: { durationSeconds: 1800 } });
  expect(source.snapshot.sessions.items?.[0]?.timeoutAt).toBe(Date.UTC(2026, 10, 28, 17, 40));
});

test("interrupt names the query, and reads the queries that are watched again", async () => {
  const { source, server, clock, perform } = await acting({}, row("A"));
  server.answers.set("POST /workloads/sessions/A/interrupt", { status: 200, json: { interrupted: ["Q4"] } });
  source.watch({ topic: "queries", sessionId: "A" });
  await clock.pass(100);
  server.asked();
  void perform({ act: "interrupt", sessionId: "A", queryId: "Q4" });
  await clock.pass(100);
  expect(server.requests[0]?.body).toEqual({ queryId: "Q4" });
  await clock.pass(10_000);
  expect(source.snapshot.acts["session:A"], "the list of queries says since when it was asked").toBeDefined();
  await clock.pass(60_000);
  expect(source.snapshot.acts).toEqual({});
  expect(server.asked()).toEqual(["POST /workloads/sessions/A/interrupt", "/workloads/sessions/A/queries"]);
});

describe("relaunch", () => {
  test("shows the new session before any event comes", async () => {
    const { source, server, clock, perform } = await acting();
    server.answers.set("POST /workloads/sessions/A/relaunch", { status: 201, json: row("B", { status: "pending" }) });
    void perform({ act: "relaunch", sessionId: "A" });
    await clock.pass(10);
    expect(source.snapshot.sessions.items?.map(({ id }) => id)).toEqual(["B"]);
  });

  test("tells which session it made until somebody dismisses it", async () => {
    const { source, server, clock, perform } = await acting();
    server.answers.set("POST /workloads/sessions/A/relaunch", { status: 201, json: row("B", { status: "pending" }) });
    void perform({ act: "relaunch", sessionId: "A", lost: ["delays"] });
    await clock.pass(3_600_000);
    const [made] = source.snapshot.sessions.items ?? [];
    const relaunched = made && relaunchBefore(source.snapshot, made);
    expect(relaunched).toEqual({ subject: "session:A", lost: ["delays"] });
    await perform({ act: "dismiss", subject: "session:A" });
    expect(source.snapshot.acts).toEqual({});
  });

  test("of a live session closes it before", async () => {
    const { server, clock, perform } = await acting({}, row("A"));
    server.answers.set("POST /workloads/sessions/A/relaunch", { status: 201, json: row("B", { status: "pending" }) });
    void perform({ act: "relaunch", sessionId: "A" });
    await clock.pass(10);
    expect(server.asked()).toEqual(["POST /workloads/sessions/A/close", "POST /workloads/sessions/A/relaunch"]);
  });
});

describe("a config", () => {
  test("that is new is posted, and stands in the list", async () => {
    const { source, server, clock, perform } = await acting();
    server.answers.set("POST /workloads/compute-configs", { status: 201, json: { id: "C1", name: "small" } });
    void perform({ act: "saveConfig", configId: null, body: { name: "small" } });
    await clock.pass(10);
    expect(server.requests[0]?.body).toEqual({ name: "small" });
    expect(source.snapshot.configs.items?.[0]?.name).toBe("small");
    expect(source.snapshot.acts["form:"]?.phase).toBe("done");
  });

  test("with a wrong field names it by its pointer", async () => {
    const { source, server, clock, perform } = await acting();
    const errors = [{ pointer: "/name", message: "is taken" }];
    server.answers.set("PATCH /workloads/compute-configs/C1", problem(400, "INVALID_ARGUMENT", "Wrong.", { errors }));
    void perform({ act: "saveConfig", configId: "C1", body: { name: "big" } });
    await clock.pass(10);
    expect(source.snapshot.acts["form:C1"]).toMatchObject({ phase: "failed", problem: { errors } });
  });

  test("that is deleted leaves the list", async () => {
    const { source, server, clock, perform } = await acting();
    server.configs = [{ id: "C1", name: "small" }];
    source.retry();
    await clock.pass(100);
    server.answers.set("DELETE /workloads/compute-configs/C1", { status: 204, json: undefined });
    void perform({ act: "deleteConfig", configId: "C1" });
    await clock.pass(10);
    expect(source.snapshot.configs.items).toEqual([]);
  });
});

describe("what only the host can do", () => {
  test("goes to the host", async () => {
    const { asked, server, perform } = await acting();
    await perform({ act: "copy", text: "x" });
    await perform({ act: "login" });
    expect(asked.map(({ act }) => act)).toEqual(["copy", "login"]);
    expect(server.asked()).toEqual([]);
  });

  test("and fails, stands in the snapshot though it is about no thing", async () => {
    const failing = () => Promise.reject(new Error("There is no such notebook."));
    const { source, perform } = await acting({ perform: failing });
    await perform({ act: "openNotebook", path: "gone.ipynb" });
    expect(source.snapshot.acts.page).toMatchObject({
      phase: "failed",
      problem: { message: "There is no such notebook." },
    });
  });

  test("runs until the host has done it, and shows the API's sentence when it is refused", async () => {
    const refusal = { status: 429, json: { code: "RESOURCE_EXHAUSTED", message: "You have 2 of 2 sessions." } };
    const answer = { ...refusal, headers: { get: () => "14" } };
    let refuse = (): void => undefined;
    const refusing = () =>
      new Promise<void>((_, reject) => (refuse = () => reject(new Refused(problemOf(answer, 1000)))));
    const { source, clock, perform } = await acting({ perform: refusing });
    void perform({ act: "connect", choice: { config: "small" } });
    expect(source.snapshot.acts.connect?.phase).toBe("running");
    refuse();
    await clock.pass(10);
    expect(source.snapshot.acts.connect).toMatchObject({
      phase: "failed",
      problem: { message: "You have 2 of 2 sessions.", retryAt: 15_000 },
    });
  });

  test("shows the words of an error of the host's own", async () => {
    const failing = () => Promise.reject(new Error("The kernel is gone."));
    const { source, clock, perform } = await acting({ perform: failing });
    void perform({ act: "setDefault", configId: "C1" });
    await clock.pass(10);
    expect(source.snapshot.acts["config:C1"]).toMatchObject({
      phase: "failed",
      problem: { message: "The kernel is gone." },
    });
  });
});

test("retry asks the server now", async () => {
  const { server, clock, perform } = await acting();
  await perform({ act: "retry" });
  await clock.pass(10);
  expect(server.asked()).toContain("/me");
});
