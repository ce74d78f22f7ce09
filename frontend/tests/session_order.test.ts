import { expect, test } from "vitest";

import { NOW, me, session } from "../fixtures/data";
import { report, teamMe, weather } from "../fixtures/states/sessions";
import { frozen, liveCount, matches, ordered, scopesOf } from "../src/model/session_order";

const ids = (sessions: readonly { id: string }[]) => sessions.map(({ id }) => id);

test("this notebook's session stands first, then what closes soon, then the newest", () => {
  const old = session({ id: "OLD", createdAt: 1 });
  const fresh = session({ id: "NEW", createdAt: NOW });
  expect(ids(ordered([old, weather, fresh, report], "OLD", NOW))).toEqual(["OLD", "R3P0RT", "NEW", "W3ATH3R"]);
});

test("while nothing may move, new ones come last and those that ended stay in their place", () => {
  const before = [session({ id: "A" }), session({ id: "B" }), session({ id: "C" })];
  const ended = [session({ id: "A", status: "failed" })];
  const now = [session({ id: "NEW" }), session({ id: "C", name: "renamed" })];
  const list = frozen(before, now, ended);
  expect(ids(list)).toEqual(["A", "B", "C", "NEW"]);
  expect(list.map(({ status }) => status)).toEqual(["failed", "closed", "active", "active"]);
  expect(list[2]?.name).toBe("renamed");
});

test("a filter finds each word in name, owner, config, notebook or id, in any case", () => {
  expect(matches(weather, "WEATHER large")).toBe(true);
  expect(matches(weather, "w3ath mara")).toBe(true);
  expect(matches(weather, "weather small")).toBe(false);
  expect(matches(weather, "  ")).toBe(true);
});

test("only what the roles give is a choice, and one person has none", () => {
  expect(scopesOf(me)).toEqual(["mine"]);
  expect(scopesOf(teamMe)).toEqual(["mine", "team:FLIGHTS", "all"]);
  expect(scopesOf({ ...teamMe, adminOf: [], organizationAdmin: false })).toEqual(["mine"]);
});

test("a title counts what matches and all of the scope", () => {
  const others = session({ id: "X", mine: false, teamId: "WEATHER" });
  expect(liveCount([weather, others, report], "mine", "report")).toEqual({ shown: 1, all: 2 });
  expect(liveCount([weather, others], "team:WEATHER", "")).toEqual({ shown: 1, all: 1 });
  expect(liveCount(null, "all", "")).toEqual({ shown: 0, all: 0 });
});
