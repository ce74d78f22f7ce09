import { describe, expect, test } from "vitest";

import { NOW, session } from "../../fixtures/data";
import { countdown, isSoon } from "../../src/model/countdown";
import { clock, HOUR, MINUTE, SECOND } from "../../src/model/times";
import { english as t } from "../../src/strings";

const closing = (left: number, changes = {}) =>
  session({ timeoutAt: NOW + left, createdAt: NOW - 9 * HOUR, lastActivityAt: NOW - 2 * HOUR, ...changes });
const read = (left: number, changes = {}) => countdown(t, closing(left, changes), NOW);

test("a far end has hours and minutes, and hours alone in rows", () => {
  expect(read(8 * HOUR + 24 * MINUTE)).toMatchObject({
    text: "Closes in 8\u00a0h 24\u00a0min if unused",
    brief: "Closes in 8\u00a0h 24\u00a0min",
    short: "8\u00a0h",
    soon: false,
  });
});

test("under two hours it has minutes", () => {
  expect(read(42 * MINUTE)?.short).toBe("42\u00a0min");
});

test("in the last ten minutes it ticks", () => {
  expect(read(372 * SECOND)).toMatchObject({ text: "Closes in 6:12 if unused", short: "6:12", soon: true });
});

test("the last fifth of a short stretch is soon", () => {
  const short = (left: number) => closing(left, { createdAt: NOW + left - 10 * MINUTE, lastActivityAt: null });
  expect(isSoon(short(2 * MINUTE), NOW)).toBe(true);
  expect(isSoon(short(2 * MINUTE + 1), NOW)).toBe(false);
});

test("at zero it says that it closes, and waits for the server", () => {
  expect(read(0)).toMatchObject({ text: "closing", over: true, changesAt: null });
});

test.each([
  ["max_duration", "Closes in 8:40, used or not"],
  ["detached", "Closes in 8:40: its kernel is gone"],
  [null, "Closes in 8:40"],
])("the rule %s is said", (timeoutReason, text) => {
  expect(read(520 * SECOND, { timeoutReason })?.text).toBe(text);
});

test("a session that is kept says until when", () => {
  const until = NOW + 3 * HOUR;
  expect(read(3 * HOUR, { extendedUntil: until })?.text).toBe(`Kept until ${clock(until)}`);
  expect(read(3 * HOUR, { extendedUntil: NOW + HOUR })?.text).toContain("Closes in");
});

test("the ring shows the share of the stretch that is left", () => {
  expect(read(6 * HOUR)?.share).toBeCloseTo(6 / 8);
});

test("sessions that ended or never end have no countdown", () => {
  expect(read(HOUR, { status: "closed" })).toBeNull();
  expect(countdown(t, session({ timeoutAt: null }), NOW)).toBeNull();
});

describe("the text stays until the moment that it names, and changes then", () => {
  test.each([8 * HOUR + 24 * MINUTE + 700, 42 * MINUTE, 10 * MINUTE + 20_000, 372_400, 900])("%i ms", (left) => {
    const row = closing(left);
    const now = countdown(t, row, NOW);
    const changesAt = now?.changesAt ?? 0;
    expect(changesAt).toBeGreaterThan(NOW);
    expect(countdown(t, row, changesAt - 1)?.text).toBe(now?.text);
    expect(countdown(t, row, changesAt)?.text).not.toBe(now?.text);
  });
});
