import { expect, test } from "vitest";

import { kernel, loaded, me, nothingLoaded, notebook, NOW, session, snapshot } from "../../fixtures/data";
import { announcement } from "../../src/model/announce";
import { connectRefusal, hereState, isUnknown, relaunchBefore, usualConfig } from "../../src/model/here";
import { sessionOfNotebook } from "../../src/model/notebook_session";
import type { ActState, Snapshot } from "../../src/model/snapshot";
import { HOUR, MINUTE } from "../../src/model/times";
import type { Notebook, Problem, Session } from "../../src/model/types";
import { english as t } from "../../src/strings";

const state = (page: Partial<Snapshot>, changes: Partial<Notebook> | null = {}, of: Session | null = null) =>
  hereState(snapshot(page), changes && { ...notebook, ...changes }, of);
const problem = refusalOf(429);

function refusalOf(status: number, retryAt: number | null = null): Problem {
  return { code: "RESOURCE_EXHAUSTED", message: "No.", status, requestId: null, retryAt, errors: [] };
}

const failed = (told: Problem): ActState => ({
  act: { act: "connect", choice: {} },
  phase: "failed",
  since: NOW,
  problem: told,
  failures: {},
});

test("what the page cannot ask comes before everything else", () => {
  expect(state({ link: "absent" })).toBe("absent");
  expect(state({ link: "refused" })).toBe("refused");
  expect(state({ link: "stale" }, {}, session())).toBe("away");
  expect(state({ link: "loggedOut" })).toBe("away");
  expect(state({ link: "loading" })).toBe("loading");
  expect(state({ sessions: nothingLoaded })).toBe("loading");
});

test("without a session the notebook and its kernel decide", () => {
  expect(state({}, null)).toBe("noNotebook");
  expect(state({})).toBe("none");
  expect(state({}, { kernel: { ...kernel, fit: "no-python" } })).toBe("noPython");
  expect(state({}, { kernel: { ...kernel, fit: "no-package" } })).toBe("noPackage");
  expect(state({}, { connecting: "waiting" })).toBe("waiting");
  expect(state({}, { remembered: "cluster-9" })).toBe("unknownConfig");
  expect(state({}, { remembered: "small" })).toBe("none");
});

test("a session shows by what it does, whatever the kernel is", () => {
  expect(state({}, { kernel: { ...kernel, fit: "no-package" } }, session())).toBe("live");
  expect(state({}, {}, session({ status: "pending", ready: false }))).toBe("starting");
  expect(state({}, {}, session({ status: "pending" }))).toBe("live");
  expect(state({}, {}, session({ status: "failed" }))).toBe("ended");
});

test("a remembered config is unknown only once the configs are known", () => {
  expect(isUnknown(snapshot(), "x")).toBe(true);
  expect(isUnknown(snapshot({ configs: nothingLoaded }), "x")).toBe(false);
});

test("Connect takes the remembered config, else the default", () => {
  expect(usualConfig(snapshot(), { ...notebook, remembered: "large" })).toBe("large");
  expect(usualConfig(snapshot(), notebook)).toBe("small");
  expect(usualConfig(snapshot({ me: { ...me, defaultConfig: null } }), notebook)).toBeNull();
});

test("a refusal names the sessions that fill the quota, or the time of the next try, or what the API says", () => {
  const page = (told: Problem, limit: number) =>
    snapshot({ acts: { connect: failed(told) }, me: { ...me, sessionsPerMember: limit } });
  expect(connectRefusal(page(problem, 1), NOW)).toMatchObject({ kind: "quota", limit: 1, sessions: [session()] });
  expect(connectRefusal(page(refusalOf(429, NOW + 14_000), 9), NOW)?.kind).toBe("rate");
  expect(connectRefusal(page(refusalOf(429, NOW - 1), 9), NOW)?.kind).toBe("other");
  expect(connectRefusal(page(refusalOf(400), 1), NOW)?.kind).toBe("other");
  expect(connectRefusal(snapshot(), NOW)).toBeNull();
});

test("a relaunched session tells what is not in it, until that is dismissed", () => {
  const act = { act: "relaunch", sessionId: "OLD", lost: ["delays"] } as const;
  const acts = { "session:OLD": { act, phase: "done", since: NOW - MINUTE, problem: null, failures: {} } as const };
  expect(relaunchBefore(snapshot({ acts }), session({ createdAt: NOW }))).toEqual({
    subject: "session:OLD",
    lost: ["delays"],
  });
  expect(relaunchBefore(snapshot({ acts }), session({ createdAt: NOW - HOUR }))).toBeNull();
  const told = { "session:OLD": { ...acts["session:OLD"], made: "NEW" } };
  expect(relaunchBefore(snapshot({ acts: told }), session({ id: "NEW", createdAt: NOW - HOUR }))).not.toBeNull();
  expect(relaunchBefore(snapshot({ acts: told }), session({ id: "OTHER", createdAt: NOW }))).toBeNull();
});

test("a notebook's session is the one that its kernel uses, then that its kernel made, then of its path, then the one its kernel lost", () => {
  const one = (id: string, changes: Partial<Session>) =>
    session({ id, kernelId: null, notebookPath: null, contentsPath: null, ...changes });
  const find = (...items: Session[]) => sessionOfNotebook(snapshot({ sessions: loaded(items) }), notebook)?.id;
  const lost = one("LOST", { kernelId: "k1", status: "closed" });
  const path = one("PATH", { contentsPath: notebook.path });
  const ofKernel = one("KERNEL", { kernelId: "k1", createdAt: 0 });
  expect(find(lost, path, ofKernel)).toBe("KERNEL");
  expect(find(lost, path)).toBe("PATH");
  expect(find(lost)).toBe("LOST");
  expect(find(one("OTHER", { kernelId: "k1", mine: false }))).toBeUndefined();
  const used = one("USED", { usedBy: ["k2", "k1"], createdAt: 0 });
  expect(find(ofKernel, path, used)).toBe("USED");
  expect(find(ofKernel, { ...used, status: "closed" })).toBe("KERNEL");
  expect(find({ ...lost, createdAt: 0 }, { ...used, status: "closed" })).toBe("USED");
  expect(sessionOfNotebook(snapshot(), null)).toBeNull();
});

test("of a server that tells no path of the Contents API, the end of the whole path counts", () => {
  const find = (features: string[], notebookPath: string) => {
    const items = [session({ id: "PATH", kernelId: null, notebookPath, contentsPath: null })];
    return sessionOfNotebook(snapshot({ sessions: loaded(items), me: { ...me, features } }), notebook)?.id;
  };
  expect(find([], `/home/ann/${notebook.path}`)).toBe("PATH");
  expect(find([], `/home/ann/my-${notebook.path}`)).toBeUndefined();
  expect(find(["session_facts"], `/home/ann/${notebook.path}`)).toBeUndefined();
});

test("a screen reader hears that a session is usable, its last ten minutes and minute, and its end", () => {
  const say = (changes: Partial<Session>) => announcement(t, session(changes), NOW);
  expect(say({}).text).toBe("flights-eda is active");
  expect(say({ status: "pending", ready: false }).text).toBe("");
  expect(say({ timeoutAt: NOW + 9 * MINUTE }).text).toBe("flights-eda closes in 10\u00a0min if unused");
  expect(say({ timeoutAt: NOW + 30_000 }).text).toBe("flights-eda closes in 1\u00a0min if unused");
  expect(say({ status: "closed", terminationReason: "user_closed" }).text).toBe("flights-eda: You closed it.");
});

test("the next announcement comes when the time for it does", () => {
  const changesAt = (left: number) => announcement(t, session({ timeoutAt: NOW + left }), NOW).changesAt;
  expect(changesAt(HOUR)).toBe(NOW + 50 * MINUTE);
  expect(changesAt(9 * MINUTE)).toBe(NOW + 8 * MINUTE);
  expect(changesAt(30_000)).toBeNull();
});
