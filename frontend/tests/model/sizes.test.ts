import { expect, test } from "vitest";

import { session } from "../../fixtures/data";
import { bytesText, factsText, memoryText, money } from "../../src/model/sizes";
import { english as t } from "../../src/strings";

const price = { perHour: 0.16, currency: "USD" };

test("the facts of a session leave out what is not told", () => {
  expect(factsText(t, session())).toBe("small · 4\u00a0vCPU · 8\u00a0GiB");
  expect(factsText(t, session({ price, costSoFar: 0.05 }))).toBe(
    "small · 4\u00a0vCPU · 8\u00a0GiB · $0.16/h, $0.05 so far",
  );
  expect(factsText(t, session({ configName: null, size: null }))).toBe("");
});

test("memory below a gibibyte counts in mebibytes", () => {
  expect(memoryText(t, 512 * 1024 ** 2)).toBe("512\u00a0MiB");
  expect(memoryText(t, 1.5 * 1024 ** 3)).toBe("1.5\u00a0GiB");
});

test("amounts keep what matters, and an unknown currency stands as it is", () => {
  expect(money(2.87, "USD")).toBe("$2.87");
  expect(money(0.0042, "USD")).toBe("$0.0042");
  expect(money(2.5, "credits")).toBe("2.5\u00a0credits");
});

test.each([
  [0, "0\u00a0B"],
  [1900, "1.9\u00a0kB"],
  [999_999, "1.0\u00a0MB"],
  [21_400_000, "21.4\u00a0MB"],
])("%i bytes read %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});
