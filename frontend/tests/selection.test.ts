import { expect, test } from "vitest";

import { session } from "../fixtures/data";
import { byOwner, extended, selectedText, toggled } from "../src/model/selection";
import { english } from "../src/strings";

test("choosing a row again gives it up", () => {
  expect(toggled(toggled([], "A"), "B")).toEqual(["A", "B"]);
  expect(toggled(["A", "B"], "A")).toEqual(["B"]);
});

test("a range goes from the last chosen row to this one, in either direction", () => {
  const order = ["A", "B", "C", "D"];
  expect(extended(["A"], order, "A", "C")).toEqual(["A", "B", "C"]);
  expect(extended(["D"], order, "D", "B")).toEqual(["D", "B", "C"]);
  expect(extended([], order, null, "B")).toEqual(["B"]);
  expect(extended([], order, "GONE", "C")).toEqual(["C"]);
});

test("the bar says whose sessions are chosen, those with most first", () => {
  const sessions = [
    session({ id: "1", ownerName: "Jonas Lind" }),
    session({ id: "2" }),
    session({ id: "3" }),
    session({ id: "4", ownerName: null }),
  ];
  expect(selectedText(english, sessions)).toBe("4 selected: 2 of Mara Voss, 1 of Jonas Lind, 1 of somebody");
  expect(byOwner(sessions).map(([, { length }]) => length)).toEqual([2, 1, 1]);
});
