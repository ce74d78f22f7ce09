import { expect, test } from "vitest";

import { connectCall, connectLine, planOf } from "../../src/model/connect_line";

const code = (source: string) => ({ type: "code", source });
const text = (source: string) => ({ type: "markdown", source });

test("the line names what was chosen", () => {
  expect(connectLine({})).toBe("%sail connect");
  expect(connectLine({ config: "small", idleSeconds: 1800, maxSeconds: 43200 })).toBe(
    "%sail connect small --idle 30m --max 12h",
  );
  expect(connectLine({ config: "small", idleSeconds: 90 })).toBe("%sail connect small --idle 90s");
  expect(connectLine({ sessionId: "7QK2M9ZC4T", config: "small" })).toBe("%sail connect --attach 7QK2M9ZC4T");
});

test("a name is one word to the magic, whatever stands in it", () => {
  expect(connectLine({ config: "two words" })).toBe("%sail connect 'two words'");
  expect(connectLine({ config: "it's" })).toBe(`%sail connect 'it'"'"'s'`);
  expect(connectLine({ config: "a\nimport os" })).toBe("%sail connect 'a import os'");
  expect(connectLine({ config: "x?" })).toBe("%sail connect 'x?'");
});

test("IPython computes nothing that stands in a name", () => {
  expect(connectLine({ config: "{1+1}" })).toBe("%sail connect '{{1+1}}'");
  expect(connectLine({ config: "$HOME" })).toBe("%sail connect '$$HOME'");
  expect(connectLine({ config: "5 $" })).toBe("%sail connect '5 $'");
});

test("the Python call takes a name as a string", () => {
  expect(connectCall({ config: 'a"b' })).toBe('spark = lakesail_notebook.connect("a\\"b")');
  expect(connectCall({})).toBe("spark = lakesail_notebook.connect()");
  expect(connectCall({ sessionId: "7QK2M9ZC4T" })).toBe('spark = lakesail_notebook.connect(attach="7QK2M9ZC4T")');
});

test("a new connect cell is the first code cell, below the title", () => {
  expect(planOf([text("# Title"), text("Words"), code("1")], { config: "small" }, false)).toEqual({
    plan: "insert",
    index: 2,
    source: "%sail connect small",
  });
  expect(planOf([text("# Title")], {}, false)).toMatchObject({ plan: "insert", index: 1 });
  expect(planOf([], {}, false)).toMatchObject({ plan: "insert", index: 0 });
});

test("a cell that connects already is run as it is", () => {
  const cells = [code("import os"), code("import pandas\n%sail connect large --max 1h")];
  expect(planOf(cells, { config: "small" }, false)).toEqual({ plan: "run", index: 1, source: null });
  const call = [code("spark = lakesail_notebook.connect(\n  'large')")];
  expect(planOf(call, { config: "small" }, false)).toEqual({ plan: "run", index: 0, source: null });
});

test("what only looks like a connect cell is none", () => {
  const cells = [text("%sail connect"), code("# %sail connect small"), code("%sail connections"), code("%sail close")];
  expect(planOf(cells, {}, false)).toMatchObject({ plan: "insert", index: 1 });
});

test("a line that says something else is rewritten when a person picked", () => {
  const cells = [code("import os\n%sail connect large\nprint(1)")];
  expect(planOf(cells, { config: "small" }, true)).toEqual({
    plan: "run",
    index: 0,
    source: "import os\n%sail connect small\nprint(1)",
  });
  expect(planOf(cells, { config: "large" }, true)).toEqual({ plan: "run", index: 0, source: null });
  expect(planOf(cells, { config: "$&" }, true)).toMatchObject({
    source: "import os\n%sail connect '$&'\nprint(1)",
  });
});

test("a Python call is never rewritten", () => {
  const cells = [code("spark = lakesail_notebook.connect('large')")];
  expect(planOf(cells, { config: "small" }, true)).toMatchObject({ plan: "insert", source: "%sail connect small" });
});
