/** What the list of queries says of each. */

import type { Snapshot } from "./snapshot";
import type { Query } from "./types";

/** How long an engine may take to stop before the list says that it computes on, in milliseconds. */
export const OBEYS_WITHIN = 5000;

export interface QueryRow {
  readonly query: Query;
  /** It runs, or the engine still works on it. */
  readonly works: boolean;
  /** When it was asked to stop, by the server's clock; 0: at some time that is not known; `null`: it was not. */
  readonly askedAt: number | null;
}

/** Newest first. */
export function queryRows(snapshot: Snapshot, sessionId: string): QueryRow[] {
  const items = snapshot.queries[sessionId]?.items ?? [];
  return [...items]
    .sort((one, other) => other.startedAt - one.startedAt)
    .map((query) => {
      const works = query.outcome === "running" || query.engineBusy === true;
      return { query, works, askedAt: works ? askedAt(snapshot, sessionId, query) : null };
    });
}

/** The first query whose engine was asked to stop, and did not within the time. */
export function disobeys(rows: readonly QueryRow[], now: number, allowed: ReadonlySet<string>): QueryRow | null {
  const late = rows.filter(
    ({ askedAt: at, query }) => at !== null && now - at >= OBEYS_WITHIN && !allowed.has(query.id),
  );
  return late[0] ?? null;
}

function askedAt({ acts }: Snapshot, sessionId: string, query: Query): number | null {
  const state = acts[`session:${sessionId}`];
  const act = state?.act;
  const asked = act?.act === "interrupt" && (act.queryId === undefined || act.queryId === query.id);
  if (state && asked && state.phase !== "failed" && state.since >= query.startedAt) {
    return state.since;
  }
  return query.outcome === "cancelled" ? 0 : null;
}
