import { expect, test } from "vitest";

import { drawnRows, MOST_ROWS, offsets, scrollTo } from "../src/model/windows";

const FIVE_HUNDRED = offsets(Array<number>(500).fill(40));

test("the list draws what is in view and 12 rows on either side", () => {
  const { rows, rest } = drawnRows(FIVE_HUNDRED, 4000, 400);
  expect(rows[0]).toEqual({ index: 88, gap: 88 * 40 });
  expect(rows.at(-1)?.index).toBe(122);
  expect(rest).toBe((500 - 123) * 40);
});

test("gaps, rows and the rest are as high as the whole list, wherever it is scrolled to", () => {
  for (const top of [0, 39, 40, 4001, 19_600, 30_000]) {
    const { rows, rest } = drawnRows(FIVE_HUNDRED, top, 397, 250);
    expect(rows.reduce((height, { gap }) => height + gap + 40, rest)).toBe(500 * 40);
  }
});

test("the focused row is drawn above and below the window, in its place", () => {
  const above = drawnRows(FIVE_HUNDRED, 8000, 400, 3).rows;
  expect(above[0]).toEqual({ index: 3, gap: 120 });
  expect(above[1]?.gap).toBe((188 - 4) * 40);
  expect(drawnRows(FIVE_HUNDRED, 0, 400, 499).rows.at(-1)).toEqual({ index: 499, gap: (499 - 23) * 40 });
});

test("at most 60 rows are alive in a view of up to 59 rows, and a higher view is still filled", () => {
  for (const view of [100, 400, 1200, 2000, 2300]) {
    expect(drawnRows(FIVE_HUNDRED, 4020, view, 0).rows.length).toBeLessThanOrEqual(MOST_ROWS);
  }
  expect(drawnRows(FIVE_HUNDRED, 4000, 4000).rows.length).toBeGreaterThanOrEqual(100);
});

test("a list that became shorter than where it was scrolled to shows its end", () => {
  expect(drawnRows(offsets([40, 40]), 9000, 400).rows.map(({ index }) => index)).toEqual([0, 1]);
  expect(drawnRows(offsets([]), 0, 400, 3)).toEqual({ rows: [], rest: 0 });
});

test("rows of different heights keep their places", () => {
  const starts = offsets([40, 90, 24, 40]);
  expect(starts).toEqual([0, 40, 130, 154, 194]);
  expect(scrollTo(starts, 1, 60, 100)).toBe(40);
  expect(scrollTo(starts, 3, 0, 100)).toBe(94);
  expect(scrollTo(starts, 1, 30, 120)).toBe(30);
});
