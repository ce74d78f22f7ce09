import { expect, test } from "vitest";

import { config, loaded, me, NOW, session, snapshot } from "../../fixtures/data";
import {
  editableConfig,
  hasLarger,
  keepChoices,
  libraryCount,
  pythonLine,
  running,
  usualStart,
} from "../../src/model/session_facts";
import { HOUR, MINUTE } from "../../src/model/times";
import type { Query } from "../../src/model/types";
import { english as t } from "../../src/strings";

function query(changes: Partial<Query> = {}): Query {
  return {
    id: "q4",
    what: "SELECT 1",
    outcome: "running",
    startedAt: NOW - 14_000,
    seconds: 14,
    rows: 0,
    bytes: 0,
    error: null,
    engineBusy: true,
    tasks: null,
    ...changes,
  };
}

const withQueries = (items: readonly Query[], total = items.length) =>
  snapshot({ queries: { [session().id]: loaded(items, { total }) } });

test("a session can be kept for what ends after its present end, within the limit", () => {
  const choices = (left: number, changes = {}) => keepChoices(session({ timeoutAt: NOW + left, ...changes }), me, NOW);
  expect(choices(6 * MINUTE)).toEqual([1800, 7200, 28800]);
  expect(choices(HOUR)).toEqual([7200, 28800]);
  expect(choices(9 * HOUR)).toEqual([]);
  expect(choices(6 * MINUTE, { timeoutReason: "max_duration" })).toEqual([]);
  expect(choices(6 * MINUTE, { status: "closed" })).toEqual([]);
});

test("where the limit is below all of them, the limit itself is the choice", () => {
  const limits = me.limits && { ...me.limits, extension: { default: null, floor: 60, ceiling: 900 } };
  expect(keepChoices(session({ timeoutAt: NOW + 6 * MINUTE }), { ...me, limits }, NOW)).toEqual([900]);
  expect(keepChoices(session({ timeoutAt: NOW + HOUR }), { ...me, limits }, NOW)).toEqual([]);
});

test("a query that runs is told by its number, its time and its tasks", () => {
  const read = (items: readonly Query[], total?: number) => running(t, withQueries(items, total), session(), NOW)?.text;
  const done = query({ id: "q3", outcome: "succeeded", startedAt: NOW - HOUR });
  expect(read([query(), done], 4)).toBe("Query 4 runs: 0:14");
  expect(read([query({ tasks: { done: 212, total: 800 } })])).toBe("Query 1 runs: 0:14 · 212 of 800 tasks");
  expect(read([query(), query({ id: "q5" })])).toBe("2 queries run");
  expect(read([done])).toBeUndefined();
});

test("a query that just began is not told yet, so that the text does not flicker", () => {
  const begun = running(t, withQueries([query({ seconds: 0.2 })]), session(), NOW);
  expect(begun).toMatchObject({ text: "", changesAt: NOW + 800 });
});

test("a config can be edited by who administers it", () => {
  const may = (changes: Partial<typeof me>) => editableConfig(snapshot({ me: { ...me, ...changes } }), session());
  expect(may({})?.id).toBe("C1");
  expect(may({ organizationAdmin: false })?.id).toBe("C1");
  expect(may({ organizationAdmin: false, adminOf: ["OTHER"] })).toBeNull();
  expect(editableConfig(snapshot(), session({ configId: null }))).toBeNull();
});

test("a larger config is one with more memory", () => {
  const large = config({ id: "C2", size: { vcpus: 4, memoryBytes: 2 ** 40 } });
  expect(hasLarger(snapshot(), session())).toBe(false);
  expect(hasLarger(snapshot({ configs: loaded([config(), large]) }), session())).toBe(true);
});

test("a start tells its libraries and its usual time", () => {
  const estimates = { k1: loaded([{ configId: "C1", warm: false, medianSeconds: 240 }]) };
  expect(usualStart(snapshot({ estimates }), session())).toBe(240);
  expect(usualStart(snapshot(), session())).toBeNull();
  const libraries = [{ pypi: "pandas" }, { pypi: "pyarrow" }];
  expect(libraryCount(snapshot({ configs: loaded([config({ libraries })]) }), session())).toBe(2);
});

test("the line of Python quotes the id", () => {
  expect(pythonLine(session({ id: 'a"b' }))).toBe('spark = lakesail_notebook.connect(attach="a\\"b")');
});
