import { expect, test } from "vitest";

import { logLines } from "../src/model/log_lines";

test("a line's time stands apart, and the two together are the line", () => {
  for (const line of ["09:12:05 pip: x", "[2026-11-28T09:12:05.123Z INFO sail] x", "2026-11-28 09:12:05,5 x"]) {
    const [shown] = logLines([line]);
    expect(shown?.time).not.toBe("");
    expect(`${shown?.time}${shown?.text}`).toBe(line);
  }
  expect(logLines(["  no time"])[0]).toEqual({ time: "", text: "  no time", error: false });
});

test("errors are marked, and words that contain them are not", () => {
  const errors = ["pip: ERROR: No match", "[09:00:00 ERROR sail] x", "thread 'main' panicked at x", "ValueError: 3"];
  expect(logLines(errors).map(({ error }) => error)).toEqual([true, true, true, true]);
  expect(logLines(["0 errors found", "terrorize"]).some(({ error }) => error)).toBe(false);
});

test("the last 500 lines are shown", () => {
  const lines = logLines(Array.from({ length: 600 }, (_, number) => `line ${number}`));
  expect([lines.length, lines[0]?.text]).toEqual([500, "line 100"]);
});
