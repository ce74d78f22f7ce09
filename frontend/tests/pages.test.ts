import { expect, test } from "vitest";

import { loaded } from "../fixtures/data";
import { Pages } from "../src/elements/pages";
import type { Topic } from "../src/model/snapshot";

const MORE: Topic = { topic: "more", of: "sessions" };

function watched(): { pages: Pages; calls: (readonly Topic[])[] } {
  const calls: (readonly Topic[])[] = [];
  return { pages: new Pages((topics) => calls.push(topics)), calls };
}

test("the next page is watched while it is wanted and missing", () => {
  const { pages, calls } = watched();
  const first = loaded([1, 2], { total: 5 });
  pages.watch([], "sessions", first, false);
  expect(calls.at(-1)).toEqual([]);
  pages.watch([], "sessions", first, true);
  expect(calls.at(-1)).toEqual([MORE]);
  pages.watch([], "sessions", loaded([1, 2, 3, 4, 5]), true);
  expect(calls.at(-1)).toEqual([]);
});

test("each page is asked for once, and the one after it anew", () => {
  const { pages, calls } = watched();
  pages.watch([], "sessions", loaded([1, 2], { total: 5 }), true);
  pages.watch([], "sessions", loaded([1, 2], { total: 5 }), true);
  pages.watch([], "sessions", loaded([1, 2, 3, 4], { total: 5 }), true);
  expect(calls).toEqual([[], [MORE], [MORE], [], [MORE]]);
});
