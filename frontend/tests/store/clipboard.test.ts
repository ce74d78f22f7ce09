import { expect, test } from "vitest";

import { copyText } from "../../src/store/clipboard";

function page(writeText?: (text: string) => Promise<void>) {
  const selected: string[] = [];
  return { selected, clipboard: writeText && { writeText }, copySelected: (text: string) => void selected.push(text) };
}

test("text goes to the clipboard where the page has one", async () => {
  const written: string[] = [];
  const secure = page((text) => Promise.resolve(void written.push(text)));
  await copyText("x", secure);
  expect([written, secure.selected]).toEqual([["x"], []]);
});

test("text is copied by the copy command where the page has no clipboard, or may not use it", async () => {
  for (const poorer of [page(), page(() => Promise.reject(new Error("not allowed")))]) {
    await copyText("x", poorer);
    expect(poorer.selected).toEqual(["x"]);
  }
});
