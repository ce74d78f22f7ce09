/** All that the elements of a page know, at one moment. */

import type { Act } from "./acts";
import type { Config, InstanceType, Me, Problem, Query, Session, StartEstimate } from "./types";

/** `absent`: the server has no extension of ours. `refused`: it has, and a setting of it is wrong. */
export type Link = "loading" | "live" | "stale" | "loggedOut" | "absent" | "refused" | "frozen";

export interface Loaded<T> {
  /** `null` while the first answer is under way, or when it failed. */
  readonly items: readonly T[] | null;
  readonly problem: Problem | null;
  /** By the server's clock. */
  readonly asOf: number;
  /** How many there are on the server, of which `items` may be the first pages. */
  readonly total: number | null;
}

export interface ActState {
  readonly act: Act;
  readonly phase: "running" | "failed" | "done";
  /** By the server's clock. */
  readonly since: number;
  readonly problem: Problem | null;
  /** Of an act on several things: what each of those that failed answered, by id. */
  readonly failures: Readonly<Record<string, Problem>>;
  /** Of a relaunch that is done: the id of the session that it made, where that is known. Of a file that marimo serves:
      the id of its session. */
  readonly made?: string;
}

export interface Snapshot {
  readonly link: Link;
  /** Why the link is not live. */
  readonly problem: Problem | null;
  /** When the server's last answer came, by its clock. */
  readonly asOf: number;
  /** The server's clock minus this machine's, in milliseconds. */
  readonly skewMs: number;
  /** When the page tries again, by the server's clock. */
  readonly retryAt: number | null;
  readonly me: Me | null;
  /** The live sessions that the caller may see, newest first. `null` items: not loaded yet. */
  readonly sessions: Loaded<Session>;
  readonly configs: Loaded<Config>;
  /** What is loaded while somebody watches it. Sessions that ended while the page looked on are here in any case; then
      `total` is `null`. */
  readonly ended: Loaded<Session> | null;
  readonly instanceTypes: Loaded<InstanceType> | null;
  readonly estimates: Readonly<Record<string, Loaded<StartEstimate>>>;
  readonly queries: Readonly<Record<string, Loaded<Query>>>;
  readonly logs: Readonly<Record<string, Loaded<string>>>;
  /** Why a watched session (topic `session`) is not there, by its id. */
  readonly missing?: Readonly<Record<string, Problem>>;
  /** By `subjectOf`. */
  readonly acts: Readonly<Record<string, ActState>>;
}

/** What a source loads only while an element watches it. `estimates` by kernel id, `queries` and `log` by session id. */
export type Topic =
  | { readonly topic: "ended" }
  | { readonly topic: "instanceTypes" }
  | { readonly topic: "estimates"; readonly kernelId: string }
  | { readonly topic: "queries"; readonly sessionId: string }
  | { readonly topic: "log"; readonly sessionId: string }
  /** A session that no list has (an older one, opened by id). It appears in `ended.items` or `sessions.items`. */
  | { readonly topic: "session"; readonly sessionId: string }
  /** The next pages of a long list, one after the other, until all are there or nobody watches this any more. */
  | { readonly topic: "more"; readonly of: "sessions" | "ended" };

export const nothingLoaded: Loaded<never> = { items: null, problem: null, asOf: 0, total: null };
