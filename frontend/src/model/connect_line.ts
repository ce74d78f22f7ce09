/** The line that connects a notebook, and where it stands or goes: text alone, apart from the notebook's widgets. */

import type { ConnectChoice } from "./acts";

export interface CellText {
  readonly type: string;
  readonly source: string;
}

export type Plan =
  | { readonly plan: "insert"; readonly index: number; readonly source: string }
  /** `source` is `null` where the cell stays as it is. */
  | { readonly plan: "run"; readonly index: number; readonly source: string | null };

const MAGIC = /^[ \t]*%sail[ \t]+connect\b.*$/m;
const CALL = /\blakesail_notebook\.connect\(/;

/** `%sail connect small --idle 30m`. */
export function connectLine(choice: ConnectChoice): string {
  const words = ["%sail connect"];
  if (choice.sessionId) {
    words.push("--attach", quoted(choice.sessionId));
  } else {
    if (choice.config) {
      words.push(quoted(choice.config));
    }
    if (choice.name) {
      words.push("--name", quoted(choice.name));
    }
    if (choice.idleSeconds) {
      words.push("--idle", span(choice.idleSeconds));
    }
    if (choice.maxSeconds) {
      words.push("--max", span(choice.maxSeconds));
    }
  }
  return words.join(" ");
}

/** What an editor that is no notebook gets. */
export function connectCall(choice: ConnectChoice): string {
  if (choice.sessionId) {
    return `spark = lakesail_notebook.connect(attach=${JSON.stringify(choice.sessionId)})`;
  }
  return `spark = lakesail_notebook.connect(${choice.config ? JSON.stringify(choice.config) : ""})`;
}

/** Which cell to run so that the notebook is connected.

    A cell that connects already is run. Where a person picked something (`picked`), a `%sail connect` line that says
    something else is rewritten first; a Python call that says something else stays, and a line of its own is put in. */
export function planOf(cells: readonly CellText[], choice: ConnectChoice, picked: boolean): Plan {
  const line = connectLine(choice);
  const index = cells.findIndex(connects);
  const found = cells[index];
  if (!found) {
    return { plan: "insert", index: firstCode(cells), source: line };
  }
  if (!picked) {
    return { plan: "run", index, source: null };
  }
  if (!MAGIC.test(found.source)) {
    return { plan: "insert", index: firstCode(cells), source: line };
  }
  const source = found.source.replace(MAGIC, () => line);
  return { plan: "run", index, source: source === found.source ? null : source };
}

export function connects({ type, source }: CellText): boolean {
  const code = source.replace(/^\s*#.*$/gm, "");
  return type === "code" && (MAGIC.test(code) || CALL.test(code));
}

/** Whether a cell that connects names a session. */
export function attaches({ source }: CellText): boolean {
  return /^[ \t]*%sail[ \t]+connect\b.*--attach\b/m.test(source) || /\bconnect\([^)]*\battach\s*=/.test(source);
}

/** Below the title's Markdown: the first place where code stands. */
function firstCode(cells: readonly CellText[]): number {
  const index = cells.findIndex((cell) => cell.type === "code");
  return index < 0 ? cells.length : index;
}

/** As `shlex` reads it, and so that IPython puts in no values for `{…}` and `$…`. */
function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) {
    return word;
  }
  const text = word
    .replace(/[\r\n]+/g, " ")
    .replace(/[{}]/g, (brace) => brace + brace)
    .replace(/\$(?=[\w.])/g, () => "$$");
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}

function span(seconds: number): string {
  for (const [unit, size] of [
    ["h", 3600],
    ["m", 60],
  ] as const) {
    if (seconds % size === 0) {
      return `${seconds / size}${unit}`;
    }
  }
  return `${seconds}s`;
}
