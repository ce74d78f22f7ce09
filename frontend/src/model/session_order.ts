/** Which sessions a list shows, and in which order. */

import { isOver, isSoon } from "./countdown";
import { placeOf } from "./notebook_session";
import { nameOf } from "./states";
import type { Me, Session } from "./types";

/** `mine`, `all`, or `team:` and a team's id. */
export type Scope = string;

/** The scopes that the caller's roles give; one alone is no choice. */
export function scopesOf(me: Me | null): Scope[] {
  if (!me || me.singleUser) {
    return ["mine"];
  }
  return ["mine", ...me.adminOf.map((team) => `team:${team}`), ...(me.organizationAdmin ? ["all"] : [])];
}

export function inScope(session: Session, scope: Scope): boolean {
  return scope === "all" || (scope === "mine" ? session.mine : session.teamId === scope.slice("team:".length));
}

/** Whether each word of a filter stands in the name, owner, config, notebook or id, or is `marimo`. */
export function matches(session: Session, filter: string): boolean {
  const { ownerName, configName, id, marimo } = session;
  return textMatches([nameOf(session), ownerName, configName, placeOf(session), id, marimo && "marimo"], filter);
}

export function textMatches(texts: readonly (string | null)[], filter: string): boolean {
  const text = texts.filter(Boolean).join("\n").toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** This notebook's session, then those that close soon, then the newest. */
export function ordered(sessions: readonly Session[], here: string | null, now: number): Session[] {
  const rank = (session: Session): number => (session.id === here ? 0 : isSoon(session, now) ? 1 : 2);
  return [...sessions].sort((one, other) => rank(one) - rank(other) || other.createdAt - one.createdAt);
}

/** The order of before, as long as nothing may move: what is new comes last, what has gone stays as it ended. */
export function frozen(before: readonly Session[], now: readonly Session[], ended: readonly Session[]): Session[] {
  const current = new Map(now.map((session) => [session.id, session]));
  const over = new Map(ended.map((session) => [session.id, session]));
  const kept = before.map(
    (session) => current.get(session.id) ?? over.get(session.id) ?? { ...session, status: "closed" as const },
  );
  const known = new Set(before.map(({ id }) => id));
  return [...kept, ...now.filter(({ id }) => !known.has(id))];
}

/** What a list's title counts: those that match, and all. */
export function liveCount(
  sessions: readonly Session[] | null,
  scope: Scope,
  filter: string,
): { readonly shown: number; readonly all: number } {
  const all = (sessions ?? []).filter((session) => inScope(session, scope) && !isOver(session));
  return { shown: all.filter((session) => matches(session, filter)).length, all: all.length };
}
