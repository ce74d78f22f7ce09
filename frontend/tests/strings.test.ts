import { expect, test } from "vitest";

import { translator } from "../src/strings";

test("a value is put in after the text was translated", () => {
  const shout = translator((text) => `${text.toUpperCase()} {name}`);
  expect(shout("connect", { name: "<b>small</b>" })).toBe("CONNECT <b>small</b>");
});
