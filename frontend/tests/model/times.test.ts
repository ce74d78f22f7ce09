import { expect, test } from "vitest";

import { coarse, daysBetween, duration, MINUTE, nextSecond, stopwatch, took, when } from "../../src/model/times";
import { english as t } from "../../src/strings";

const local = (day: number, hour = 9, month = 10, year = 2026) => new Date(year, month, day, hour, 12).getTime();

test.each([
  [0, "0\u00a0s"],
  [60, "60\u00a0s"],
  [300, "5\u00a0min"],
  [3600, "1\u00a0h"],
  [30600, "8\u00a0h 30\u00a0min"],
  [43200, "12\u00a0h"],
  [604800, "7\u00a0d"],
  [180000, "2\u00a0d 2\u00a0h"],
])("a limit of %i seconds reads %s", (seconds, text) => {
  expect(duration(t, seconds)).toBe(text);
});

test("what is left counts in minutes up to two hours", () => {
  expect([59, 60, 119, 120, 504].map((minutes) => coarse(t, minutes * MINUTE))).toEqual([
    "59\u00a0min",
    "60\u00a0min",
    "119\u00a0min",
    "2\u00a0h",
    "8\u00a0h 24\u00a0min",
  ]);
});

test("a running clock rounds down and never goes below zero", () => {
  expect([-5, 14_900, 72_000, 3_723_000].map(stopwatch)).toEqual(["0:00", "0:14", "1:12", "1:02:03"]);
});

test("what took less than a minute has seconds, and then a clock", () => {
  expect([took(t, 100), took(t, 1240, 2), took(t, 14_200), took(t, 72_000)]).toEqual([
    "0.1\u00a0s",
    "1.24\u00a0s",
    "14\u00a0s",
    "1:12",
  ]);
});

test("a moment reads as a clock time today, then as a day, then as a date with its year", () => {
  const now = local(28, 10);
  expect(when(t, local(28), now)).toBe("09:12");
  expect(when(t, local(27, 23), now)).toBe("Yesterday");
  expect(when(t, local(12), now)).toMatch(/^(12 Nov|Nov 12)$/);
  expect(when(t, local(12, 9, 10, 2025), now)).toContain("2025");
});

test("days are counted by midnights, not by hours", () => {
  expect(daysBetween(local(27, 23), local(28, 0))).toBe(1);
  expect(daysBetween(local(28, 0), local(28, 23))).toBe(0);
});

test("the next second of a clock comes when its whole second is over", () => {
  expect(nextSecond(1000, 3400)).toBe(4000);
  expect(nextSecond(1000, 3000)).toBe(4000);
});
