/** Finds a session by id in all that the page knows. */

import type { Snapshot } from "./snapshot";
import type { Session } from "./types";

export function sessionOf(snapshot: Snapshot, id: string): Session | null {
  const known = [...(snapshot.sessions.items ?? []), ...(snapshot.ended?.items ?? [])];
  return known.find((session) => session.id === id) ?? null;
}
