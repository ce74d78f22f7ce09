/** Selecting several sessions, and saying whose they are. */

import type { Translate } from "../strings";
import type { Session } from "./types";

/** Adds or takes away one. */
export function toggled(selected: readonly string[], id: string): string[] {
  return selected.includes(id) ? selected.filter((one) => one !== id) : [...selected, id];
}

/** Adds all from one to another, as they stand in the list. */
export function extended(
  selected: readonly string[],
  order: readonly string[],
  from: string | null,
  to: string,
): string[] {
  const [one, other] = [order.indexOf(from ?? to), order.indexOf(to)];
  const range = order.slice(Math.min(one < 0 ? other : one, other), Math.max(one, other) + 1);
  return [...new Set([...selected, ...range])];
}

/** By owner, those with most sessions first. */
export function byOwner(sessions: readonly Session[]): [string | null, Session[]][] {
  const owners = new Map<string | null, Session[]>();
  for (const session of sessions) {
    owners.set(session.ownerName, [...(owners.get(session.ownerName) ?? []), session]);
  }
  return [...owners].sort(([, one], [, other]) => other.length - one.length);
}

/** `3 selected: 2 of Mara Voss, 1 of Jonas Lind`. */
export function selectedText(t: Translate, sessions: readonly Session[]): string {
  const owners = byOwner(sessions)
    .map(([owner, { length: count }]) => t("countOf", { count, owner: owner ?? t("unknownOwner") }))
    .join(", ");
  return t("selectedOf", { count: sessions.length, owners });
}
