import { expect, test } from "vitest";

import { config, loaded, me, notebook, NOW, session, snapshot } from "../../fixtures/data";
import { cluster, large, pickerPage, remembering, teamPage, weather } from "../../fixtures/states/picker_data";
import {
  dearer,
  durationChoices,
  filtered,
  pickerGroups,
  roughly,
  usualEntry,
  type Group,
} from "../../src/model/picker";
import type { Snapshot } from "../../src/model/snapshot";
import type { Notebook } from "../../src/model/types";
import { english as t } from "../../src/strings";

const groupsOf = (page: Partial<Snapshot>, on: Notebook | null = remembering) =>
  pickerGroups(t, snapshot(page), on, NOW);
const names = (groups: readonly Group[]) =>
  groups.map(({ label, entries }) => [label, entries.map(({ name }) => name)]);

test("the remembered config stands first, then the caller's sessions, then the other configs", () => {
  expect(names(groupsOf(pickerPage))).toEqual([
    ["lastUsedHere", ["small"]],
    ["yourSessions", ["weather join"]],
    ["computeConfigs", ["cluster-8", "large-memory"]],
  ]);
});

test("configs stand by default, last use, and name", () => {
  const used = session({ id: "S2", configId: "C2", kernelId: "k9" });
  const groups = groupsOf({ ...pickerPage, sessions: loaded([used]) }, notebook);
  expect(groups.at(-1)?.entries.map(({ name }) => name)).toEqual(["small", "large-memory", "cluster-8"]);
});

test("the notebook's own session is not offered, nor somebody else's, nor an ended one", () => {
  const sessions = loaded([session(), { ...weather, mine: false }, { ...weather, status: "closed" as const }]);
  expect(names(groupsOf({ sessions }, notebook))).toEqual([["computeConfigs", ["small"]]]);
});

test("a kernel that attached to a session may go back to the one that it made", () => {
  const sessions = loaded([session({ id: "MADE", name: "made" }), { ...weather, usedBy: ["k1"] }]);
  expect(names(groupsOf({ sessions }, notebook))[0]).toEqual(["yourSessions", ["made"]]);
});

test("without a config or a default, the machine itself can be chosen", () => {
  const bare = groupsOf({ configs: loaded([]), sessions: loaded([]) }, notebook)[0]?.entries[0];
  expect(bare).toMatchObject({ choice: { config: null }, details: ["8\u00a0vCPU · 22\u00a0GiB", "without a config"] });
  const noDefault = groupsOf({ sessions: loaded([]), me: { ...me, defaultConfig: null } }, notebook);
  expect(noDefault[0]?.entries.map(({ name }) => name)).toEqual(["small", "This machine"]);
});

test("an entry says how long it takes, when the server told it", () => {
  const ends = (page: Partial<Snapshot>) =>
    Object.fromEntries(groupsOf(page).flatMap(({ entries }) => entries.map(({ name, end }) => [name, end])));
  expect(ends(pickerPage)).toMatchObject({ small: "ready in ~1\u00a0s", "large-memory": "~2\u00a0s" });
  expect(ends(teamPage)).toMatchObject({ "large-memory": "cold, ~40\u00a0s", "cluster-8": "cold, ~4\u00a0min" });
  expect(ends({ ...pickerPage, estimates: {} })["small"]).toBe("");
});

test("a config that is larger than the machine says what the machine gives", () => {
  const detail = (name: string, page: Partial<Snapshot>) =>
    groupsOf(page)
      .flatMap(({ entries }) => entries)
      .find((entry) => entry.name === name)
      ?.details.join(" · ");
  expect(detail("large-memory", pickerPage)).toBe("16\u00a0vCPU · 128\u00a0GiB (this machine gives 8 and 22)");
  expect(detail("cluster-8", teamPage)).toBe("64\u00a0vCPU · 256\u00a0GiB · $2.87/h · spot");
});

test("the filter looks at names and details, and drops empty groups", () => {
  expect(names(filtered(groupsOf(pickerPage), "WEATHER"))).toEqual([["yourSessions", ["weather join"]]]);
  expect(filtered(groupsOf(pickerPage), "nothing")).toEqual([]);
});

test("chosen at first is what is remembered, else the default, else the config used last, else the machine", () => {
  const usual = (page: Partial<Snapshot>, on: Notebook | null) => {
    const given = snapshot(page);
    return usualEntry(pickerGroups(t, given, on, NOW), given)?.name;
  };
  expect(usual(pickerPage, { ...notebook, remembered: "cluster-8" })).toBe("cluster-8");
  expect(usual(pickerPage, notebook)).toBe("small");
  expect(usual({ ...pickerPage, me: { ...me, defaultConfig: null } }, notebook)).toBe("small");
  expect(usual({ configs: loaded([]), sessions: loaded([weather]), me: { ...me, clusters: [] } }, notebook)).toBe(
    "This machine",
  );
});

test("a config that is dearer than the remembered one says how much", () => {
  const page = snapshot(teamPage);
  const priced = (name: string) => page.configs.items?.find((one) => one.name === name) ?? null;
  expect(dearer(page, remembering, priced("cluster-8"))).toEqual({ price: "$2.87", times: "18", config: "small" });
  expect(dearer(page, remembering, priced("large-memory"))?.times).toBe("6.7");
  expect(dearer(page, remembering, priced("small"))).toBeNull();
  expect(dearer(page, notebook, priced("cluster-8"))).toBeNull();
  expect(dearer(snapshot({ configs: loaded([config(), cluster, large]) }), remembering, cluster)).toBeNull();
});

test("the limits of the server decide which durations can be chosen, and its default is named", () => {
  const texts = (limit: Parameters<typeof durationChoices>[1]) =>
    durationChoices(t, limit, "idle").map(({ text }) => text);
  expect(texts({ default: 1800, floor: 600, ceiling: 3600 })).toEqual([
    "10\u00a0min",
    "15\u00a0min",
    "30\u00a0min (default)",
    "1\u00a0h",
  ]);
  expect(texts({ default: null, floor: 28_800, ceiling: 28_800 })).toEqual(["No limit (default)", "8\u00a0h"]);
  expect(texts({ default: 1000, floor: 900, ceiling: 900 })).toContain("16\u00a0min (default)");
});

test("a usual time is told roughly", () => {
  expect([1.2, 9, 38, 55, 70, 240].map((seconds) => roughly(t, seconds))).toEqual([
    "1\u00a0s",
    "9\u00a0s",
    "40\u00a0s",
    "1\u00a0min",
    "1\u00a0min",
    "4\u00a0min",
  ]);
});
