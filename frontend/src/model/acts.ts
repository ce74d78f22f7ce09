/** What a person asks for: one event, `sail-act`, whose detail is an `Act`. The host of an element does it. */

import type { MarimoMode } from "./types";

export interface ConnectChoice {
  /** Name of a config, or `null` for none. */
  readonly config?: string | null;
  /** Id of a session to attach to. */
  readonly sessionId?: string;
  readonly idleSeconds?: number;
  readonly maxSeconds?: number;
  readonly name?: string;
  readonly remember?: boolean;
}

/** The body of a compute config, as the API takes it. */
export type ConfigBody = Readonly<Record<string, unknown>>;

export type Act =
  | { readonly act: "connect"; readonly choice: ConnectChoice }
  /** Show the picker. */
  | { readonly act: "choose" }
  /** The toolbar button: show the card, or the picker where that is asked for. */
  | { readonly act: "open"; readonly picker: boolean }
  | { readonly act: "cancel" }
  | { readonly act: "close"; readonly sessionId: string; readonly reason?: string }
  | { readonly act: "closeMany"; readonly sessionIds: readonly string[]; readonly reason?: string }
  | { readonly act: "keep"; readonly sessionId: string; readonly seconds: number }
  | { readonly act: "interrupt"; readonly sessionId: string; readonly queryId?: string }
  /** `lost`: the temp views that go with it, where the kernel told them. */
  | { readonly act: "relaunch"; readonly sessionId: string; readonly lost?: readonly string[] }
  | { readonly act: "openSession"; readonly sessionId: string; readonly tab?: "queries" | "log" | "details" }
  | { readonly act: "openTable" }
  | { readonly act: "openNotebook"; readonly path: string }
  /** Have marimo serve a file of the Contents API. Without a config, the session gets the usual one. */
  | { readonly act: "startMarimo"; readonly path: string; readonly mode: MarimoMode; readonly config?: string }
  /** Open the page of a session that marimo serves. */
  | { readonly act: "openMarimo"; readonly sessionId: string }
  /** Make a new file, and have marimo serve it. */
  | { readonly act: "newMarimo"; readonly config?: string }
  /** Insert a connect cell into the current notebook. */
  | { readonly act: "insert"; readonly choice: ConnectChoice }
  | { readonly act: "newConfig" }
  | { readonly act: "editConfig"; readonly configId: string }
  | { readonly act: "copyConfig"; readonly configId: string }
  | { readonly act: "deleteConfig"; readonly configId: string }
  | { readonly act: "saveConfig"; readonly configId: string | null; readonly body: ConfigBody }
  | { readonly act: "setDefault"; readonly configId: string }
  | { readonly act: "copy"; readonly text: string }
  | { readonly act: "login" }
  /** Ask the server again now. */
  | { readonly act: "retry" }
  /** Forget the failure of an act; `subject` as in `subjectOf`. */
  | { readonly act: "dismiss"; readonly subject: string };

export const ACT_EVENT = "sail-act";

export type ActEvent = CustomEvent<Act>;

/** Which thing an act is about. `Snapshot.acts` holds the state of the last act of each. */
export function subjectOf(act: Act): string {
  switch (act.act) {
    case "close":
    case "keep":
    case "interrupt":
    case "relaunch":
      return `session:${act.sessionId}`;
    case "saveConfig":
      return `form:${act.configId ?? ""}`;
    case "deleteConfig":
    case "setDefault":
      return `config:${act.configId}`;
    case "closeMany":
      return "sessions";
    case "connect":
      return "connect";
    case "startMarimo":
      return `marimo:${act.mode}:${act.path}`;
    default:
      return "page";
  }
}
