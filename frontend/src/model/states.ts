/** The mark and the word of a session. */

import type { Translate } from "../strings";
import { isOver, isSoon } from "./countdown";
import { couldNotStart } from "./reasons";
import type { Link, Snapshot } from "./snapshot";
import { coarse, daysBetween, date, clock, MINUTE } from "./times";
import type { Session } from "./types";

export type Mark = "pending" | "active" | "idle" | "soon" | "closed" | "failed" | "unknown";

export interface State {
  readonly mark: Mark;
  /** `Active`, `Idle for 42 min`, `Closed 09:12`. */
  readonly word: string;
  /** When the word or mark changes by time alone, by the server's clock. */
  readonly changesAt: number | null;
}

/** `closing`: it was asked to close, and the server has not said that it did. */
export function stateOf(t: Translate, session: Session, now: number, link: Link, closing = false): State {
  if (isOver(session)) {
    return ended(t, session, now);
  }
  if (!isKnown(link)) {
    return { mark: "unknown", word: t("wasState", { state: word(t, session) }), changesAt: null };
  }
  if (closing) {
    return { mark: "closed", word: t("closingNow"), changesAt: null };
  }
  const state = live(t, session, now);
  return isSoon(session, now) && state.mark !== "pending" ? { ...state, mark: "soon" } : state;
}

/** Whether what the page shows is what the server says now. */
export function isKnown(link: Link): boolean {
  return link === "live" || link === "loading";
}

/** Whether the session was asked to close, or to be replaced, and nothing refused that. */
export function isClosing(snapshot: Snapshot, session: Session): boolean {
  const state = snapshot.acts[`session:${session.id}`];
  const asked = state?.act.act === "close" || state?.act.act === "relaunch";
  return asked && state.phase !== "failed" && !isOver(session);
}

/** The session's name, else its notebook's, else its id. */
export function nameOf(session: Session): string {
  return session.name || notebookName(session.notebookPath) || session.id;
}

/** The file's name without folders and suffix. */
export function notebookName(path: string | null): string {
  return fileName(path).replace(/\.(ipynb|py)$/, "");
}

export function fileName(path: string | null): string {
  return path?.split("/").at(-1) ?? "";
}

/** The bare word, as it stands in names for screen readers: `Active`. */
export function word(t: Translate, session: Session): string {
  switch (session.status) {
    case "pending":
      return t(session.ready ? "ready" : "starting");
    case "active":
      return t("active");
    case "idle":
      return t("idle");
    case "closed":
      return t("closed");
    case "failed":
      return t(couldNotStart(session) ? "couldNotStart" : "engineEnded");
  }
}

function live(t: Translate, session: Session, now: number): State {
  if (session.status !== "idle") {
    const mark = session.status === "active" ? "active" : session.ready ? "idle" : "pending";
    return { mark, word: word(t, session), changesAt: null };
  }
  if (session.idleSince === null) {
    return { mark: "idle", word: t("idle"), changesAt: null };
  }
  const since = Math.max(0, now - session.idleSince);
  const text = since < MINUTE ? t("idle") : t("idleFor", { time: coarse(t, since) });
  return { mark: "idle", word: text, changesAt: now + MINUTE - (since % MINUTE) };
}

function ended(t: Translate, session: Session, now: number): State {
  if (session.status === "failed") {
    return { mark: "failed", word: word(t, session), changesAt: null };
  }
  return { mark: "closed", word: closedWord(t, session.closedAt, now), changesAt: null };
}

function closedWord(t: Translate, closedAt: number | null, now: number): string {
  if (closedAt === null) {
    return t("closed");
  }
  const days = daysBetween(closedAt, now);
  return days === 1 ? t("closedYesterday") : t("closedAt", { time: days ? date(closedAt, now) : clock(closedAt) });
}
