/** Which of its states the card of a notebook shows. */

import { isOver } from "./countdown";
import type { ActState, Snapshot } from "./snapshot";
import { isKnown } from "./states";
import { ownLive } from "./session_facts";
import type { Notebook, Problem, Session } from "./types";

export type Here =
  | "loading"
  | "absent"
  | "refused"
  | "noNotebook"
  | "noPython"
  | "noPackage"
  | "waiting"
  | "unknownConfig"
  | "none"
  /** The page cannot ask: a notice, and the session as last known. */
  | "away"
  | "starting"
  | "live"
  | "ended";

export function hereState(snapshot: Snapshot, notebook: Notebook | null, session: Session | null): Here {
  const { link } = snapshot;
  if (link === "absent" || link === "refused") {
    return link;
  }
  if (!notebook) {
    return "noNotebook";
  }
  if (!isKnown(link)) {
    return "away";
  }
  if (link === "loading" || (snapshot.sessions.items === null && !snapshot.sessions.problem)) {
    return "loading";
  }
  const live = session !== null && !isOver(session);
  if (live) {
    return session.status === "pending" && !session.ready ? "starting" : "live";
  }
  if (notebook.connecting === "waiting") {
    return "waiting";
  }
  if (notebook.kernel.fit === "no-python" || notebook.kernel.fit === "no-package") {
    return notebook.kernel.fit === "no-python" ? "noPython" : "noPackage";
  }
  if (session) {
    return "ended";
  }
  return isUnknown(snapshot, notebook.remembered) ? "unknownConfig" : "none";
}

/** Whether a notebook remembers a config that this server does not have. */
export function isUnknown(snapshot: Snapshot, remembered: string | null): boolean {
  const { items } = snapshot.configs;
  return remembered !== null && items !== null && !items.some(({ name }) => name === remembered);
}

/** The config that Connect takes: the remembered one, else the server's default, else none. */
export function usualConfig(snapshot: Snapshot, notebook: Notebook): string | null {
  return notebook.remembered ?? snapshot.me?.defaultConfig ?? null;
}

export type Refusal =
  | { readonly kind: "quota"; readonly limit: number; readonly sessions: readonly Session[] }
  | { readonly kind: "rate"; readonly problem: Problem; readonly retryAt: number }
  | { readonly kind: "other"; readonly problem: Problem };

/** Why the last attempt to connect was refused, while that still stands. */
export function connectRefusal(snapshot: Snapshot, now: number): Refusal | null {
  const problem = failureOf(snapshot.acts["connect"]);
  if (!problem) {
    return null;
  }
  const limit = snapshot.me?.sessionsPerMember ?? null;
  const sessions = ownLive(snapshot);
  if (problem.status === 429 && limit !== null && sessions.length >= limit) {
    return { kind: "quota", limit, sessions };
  }
  if (problem.status === 429 && problem.retryAt !== null && problem.retryAt > now) {
    return { kind: "rate", problem, retryAt: problem.retryAt };
  }
  return { kind: "other", problem };
}

export function failureOf(state: ActState | undefined): Problem | null {
  return state?.phase === "failed" ? state.problem : null;
}

/** Whether an act of this kind is under way for the session. */
export function isAsked(snapshot: Snapshot, session: Session, act: ActState["act"]["act"]): boolean {
  const state = snapshot.acts[`session:${session.id}`];
  return state?.phase === "running" && state.act.act === act;
}

export interface Relaunched {
  /** Of the act, to dismiss it. */
  readonly subject: string;
  /** `null`: not told. */
  readonly lost: readonly string[] | null;
}

/** The relaunch that made this session, with what was lost, until it is dismissed. */
export function relaunchBefore(snapshot: Snapshot, session: Session): Relaunched | null {
  for (const [subject, { act, phase, since, made }] of Object.entries(snapshot.acts)) {
    if (act.act === "relaunch" && phase === "done" && act.sessionId !== session.id) {
      if (made === undefined ? session.createdAt >= since : made === session.id) {
        return { subject, lost: act.lost ?? null };
      }
    }
  }
  return null;
}
