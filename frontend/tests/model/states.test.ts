import { expect, test } from "vitest";

import { NOW, notebook, session, snapshot } from "../../fixtures/data";
import { barTexts, buttonClick } from "../../src/model/bar";
import type { ActState, Link } from "../../src/model/snapshot";
import { isClosing, nameOf, stateOf } from "../../src/model/states";
import { clock, HOUR, MINUTE } from "../../src/model/times";
import type { Session } from "../../src/model/types";
import { english as t } from "../../src/strings";

const state = (changes: Partial<Session>, link: Link = "live", closing = false) =>
  stateOf(t, session(changes), NOW, link, closing);
const soon = { timeoutAt: NOW + 372_000, lastActivityAt: NOW - HOUR, createdAt: NOW - HOUR };

test.each<[string, Partial<Session>, string, string]>([
  ["a start", { status: "pending", ready: false }, "pending", "Starting"],
  ["a pending session on a ready engine", { status: "pending" }, "idle", "Ready"],
  ["an active one", {}, "active", "Active"],
  ["an idle one", { status: "idle", idleSince: NOW - 42 * MINUTE }, "idle", "Idle for 42\u00a0min"],
  ["one that became idle just now", { status: "idle", idleSince: NOW - 1000 }, "idle", "Idle"],
  ["one that closes soon", { ...soon, status: "idle", idleSince: NOW - 29 * MINUTE }, "soon", "Idle for 29\u00a0min"],
  ["one that was closed", { status: "closed", closedAt: NOW }, "closed", `Closed ${clock(NOW)}`],
  ["one that was closed yesterday", { status: "closed", closedAt: NOW - 24 * HOUR }, "closed", "Closed yesterday"],
  ["a failed start", { status: "failed", terminationReason: "start_timeout" }, "failed", "Could not start"],
  ["a broken engine", { status: "failed", terminationReason: "engine_crashed" }, "failed", "Engine ended"],
])("%s has its mark and its word", (_, changes, mark, word) => {
  expect(state(changes)).toMatchObject({ mark, word });
});

test("without the server's word a live session is not known, an ended one is", () => {
  expect(state({}, "stale")).toMatchObject({ mark: "unknown", word: "was Active" });
  expect(state({ status: "closed", closedAt: NOW }, "stale").mark).toBe("closed");
});

test("the word of an idle session changes at its next minute", () => {
  expect(state({ status: "idle", idleSince: NOW - 90_000 }).changesAt).toBe(NOW + 30_000);
});

test("a session is closing from the click on, unless it was refused", () => {
  const act = (phase: ActState["phase"]): ActState => ({
    act: { act: "close", sessionId: session().id },
    phase,
    since: NOW,
    problem: null,
    failures: {},
  });
  const closing = (phase: ActState["phase"]) =>
    isClosing(snapshot({ acts: { [`session:${session().id}`]: act(phase) } }), session());
  expect([closing("running"), closing("done"), closing("failed")]).toEqual([true, true, false]);
  expect(state({}, "live", true)).toMatchObject({ mark: "closed", word: "Closing" });
});

test("a session is called by its name, its notebook, or its id", () => {
  expect(nameOf(session())).toBe("flights-eda");
  expect(nameOf(session({ name: null, notebookPath: "work/weather.ipynb" }))).toBe("weather");
  expect(nameOf(session({ name: null, notebookPath: null }))).toBe("7QK2M9ZC4T");
});

test("the status bar and the tooltip say the state", () => {
  const said = (changes: Partial<Session>, link: Link = "live") =>
    barTexts(t, snapshot({ link }), notebook, session(changes), NOW);
  expect(said({}).status).toBe("Sail: small | Active");
  expect(said({}).tooltip).toBe("Spark: flights-eda is active, closes in 8\u00a0h 24\u00a0min if unused");
  expect(said(soon)).toMatchObject({ mark: "soon", time: "6:12", status: "Sail: small | Closes in 6:12" });
  expect(said({ status: "pending", ready: false, createdAt: NOW - 14_000 }).status).toBe(
    "Sail: small | Starting, 14\u00a0s",
  );
  expect(said({ status: "closed" }).status).toBe("Sail: small | Closed");
  expect(said({ status: "failed", terminationReason: "start_failed" }).status).toBe("Sail: small | Could not start");
  expect(said({}, "loggedOut")).toMatchObject({ mark: "unknown", status: "Sail: small | Not known" });
});

test("without a session the button says what it would do", () => {
  const said = (remembered: string | null, defaultConfig: string | null) => {
    const { me } = snapshot();
    return barTexts(t, snapshot({ me: me && { ...me, defaultConfig } }), { ...notebook, remembered }, null, NOW)
      .tooltip;
  };
  expect(said("small", null)).toBe("Connect to small (remembered in this notebook)");
  expect(said(null, "large")).toBe("Connect this notebook to large");
  expect(said(null, null)).toBe("Connect this notebook to Spark");
});

test("a screen reader hears the tooltip after the text of the button, and nothing twice", () => {
  const label = (of: Session | null) => barTexts(t, snapshot(), notebook, of, NOW).more;
  expect(label(null)).toBe(" this notebook to small");
  expect(label(session(soon))).toBe(". Spark: flights-eda is active, closes in 6:12 if unused");
});

test("a click on the button connects where that cannot surprise, else it opens the card or the picker", () => {
  const click = (remembered: string | null, singleUser: boolean, changes: object = {}) => {
    const { me } = snapshot();
    const page = snapshot({ me: me && { ...me, singleUser }, ...changes });
    return buttonClick(page, { ...notebook, remembered }, null);
  };
  expect(click("small", false)).toEqual({ act: "connect", choice: { config: "small", remember: true } });
  expect(click(null, true)).toEqual({ act: "connect", choice: { config: "small", remember: true } });
  expect(click(null, false)).toEqual({ act: "open", picker: true });
  expect(click("small", true, { link: "stale" })).toEqual({ act: "open", picker: false });
  expect(click("not-here", true)).toEqual({ act: "open", picker: false });
  expect(buttonClick(snapshot(), notebook, session())).toEqual({ act: "open", picker: false });
  expect(buttonClick(snapshot(), { ...notebook, connecting: "waiting" }, null)).toEqual({ act: "open", picker: false });
});

test("the button keeps room for the longest name that it will have", () => {
  const longest = (remembered: string | null, of: Session | null) =>
    barTexts(t, snapshot(), { ...notebook, remembered }, of, NOW).longest;
  expect(longest(null, null)).toBe("Connect");
  expect(longest("large-memory", null)).toBe("large-memory");
  expect(longest("large-memory", session({ configName: "large-memory" }))).toBe("large-memory");
});
