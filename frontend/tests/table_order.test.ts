import { expect, test } from "vitest";

import { session } from "../fixtures/data";
import { teamSessions } from "../fixtures/states/session_table";
import { NEWEST_FIRST, nextSort, sorted, summary, type Sort } from "../src/model/table_order";
import { english } from "../src/strings";

const order = (sort: Sort) => sorted(teamSessions, sort).map(({ id }) => id);

test("each header sorts by its column, and what has no value stands last either way", () => {
  expect(order({ key: "closes", descending: true })).toEqual(["B2024", "B2023", "NIGHT", "WJ", "CHURN"]);
  expect(order({ key: "closes", descending: false })).toEqual(["WJ", "NIGHT", "B2023", "B2024", "CHURN"]);
  expect(order({ key: "notebook", descending: true }).at(-1)).toBe("NIGHT");
  expect(order(NEWEST_FIRST)).toEqual(["CHURN", "WJ", "NIGHT", "B2023", "B2024"]);
  expect(order({ key: "price", descending: true }).slice(-1)).toEqual(["NIGHT"]);
  expect(order({ key: "owner", descending: false })[0]).toBe("CHURN");
});

test("numbers in names count as numbers", () => {
  const named = ["run 10", "run 9", "Run 1"].map((name) => session({ id: name, name }));
  const names = sorted(named, { key: "name", descending: false }).map(({ name }) => name);
  expect(names).toEqual(["Run 1", "run 9", "run 10"]);
});

test("the same header again turns the order round; another begins anew", () => {
  const closes = nextSort(NEWEST_FIRST, "closes");
  expect(closes).toEqual({ key: "closes", descending: true });
  expect(nextSort(closes, "closes")).toEqual({ key: "closes", descending: false });
  expect(nextSort(closes, "name")).toEqual({ key: "name", descending: false });
});

test("the head sums up sessions, people and the price of an hour, where it is in one currency", () => {
  expect(summary(english, teamSessions, true)).toBe("5 sessions, 4 people, $9.84/h");
  expect(summary(english, teamSessions.slice(0, 1), false)).toBe("1 session, $2.87/h");
  const euros = session({ price: { perHour: 1, currency: "EUR" } });
  expect(summary(english, [...teamSessions, euros], false)).toBe("6 sessions");
});
