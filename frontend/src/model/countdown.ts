/** When a session closes, as text that says by which rule, and when that text changes next. */

import type { Translate } from "../strings";
import { clock, coarse, HOUR, MINUTE, SECOND, stopwatch } from "./times";
import type { Session } from "./types";

export interface Countdown {
  /** `Closes in 8 h 24 min if unused`. */
  readonly text: string;
  /** The same without the rule, for narrow places: `Closes in 8 h 24 min`. */
  readonly brief: string;
  /** `8 h`, `42 min`, `6:12`, `closing`: for rows and the toolbar. */
  readonly short: string;
  /** How much of the stretch is left, from 1 to 0. */
  readonly share: number;
  readonly soon: boolean;
  /** The end is reached; the server's word is awaited. */
  readonly over: boolean;
  /** By the server's clock; `null` when the text stays. */
  readonly changesAt: number | null;
}

const SOON = 10 * MINUTE;

/** `null` when nothing ends the session, or when it has ended. */
export function countdown(t: Translate, session: Session, now: number): Countdown | null {
  if (session.timeoutAt === null || isOver(session)) {
    return null;
  }
  const left = session.timeoutAt - now;
  const stretch = stretchOf(session, session.timeoutAt);
  const share = Math.min(1, Math.max(0, left / stretch));
  if (left <= 0) {
    const closing = t("closing");
    return { text: closing, brief: closing, short: closing, share, soon: true, over: true, changesAt: null };
  }
  const threshold = soonWithin(stretch);
  if (left <= threshold) {
    const time = stopwatch(upTo(left, SECOND));
    const changesAt = now + untilNext(left, SECOND);
    return { ...said(t, session, time), short: time, share, soon: true, over: false, changesAt };
  }
  const rounded = upTo(left, MINUTE);
  const texts = isKept(session, now) ? kept(t, session) : said(t, session, coarse(t, rounded));
  const short = coarse(t, rounded < 2 * HOUR ? rounded : rounded - (rounded % HOUR));
  const changesAt = Math.min(now + untilNext(left, MINUTE), session.timeoutAt - threshold);
  return { ...texts, short, share, soon: false, over: false, changesAt };
}

export function isOver(session: Session): boolean {
  return session.status === "closed" || session.status === "failed";
}

export function isSoon(session: Session, now: number): boolean {
  const { timeoutAt } = session;
  return timeoutAt !== null && !isOver(session) && timeoutAt - now <= soonWithin(stretchOf(session, timeoutAt));
}

/** From when on it is about to close; `null` when nothing ends it. */
export function soonAt(session: Session): number | null {
  const { timeoutAt } = session;
  return timeoutAt === null ? null : timeoutAt - soonWithin(stretchOf(session, timeoutAt));
}

/** Whether it was asked to be kept, and that decides when it closes. */
function isKept(session: Session, now: number): boolean {
  const { extendedUntil, timeoutAt } = session;
  return extendedUntil !== null && timeoutAt !== null && extendedUntil > now && timeoutAt <= extendedUntil + SECOND;
}

function stretchOf(session: Session, timeoutAt: number): number {
  return Math.max(1, timeoutAt - Math.max(session.lastActivityAt ?? 0, session.createdAt));
}

function soonWithin(stretch: number): number {
  return Math.min(SOON, stretch / 5);
}

function said(t: Translate, session: Session, time: string): { text: string; brief: string } {
  const brief = t("closesIn", { time });
  switch (session.timeoutReason) {
    case "max_duration":
      return { text: t("closesAnyway", { time }), brief };
    case "detached":
      return { text: t("closesDetached", { time }), brief };
    case "idle_timeout":
      return { text: t("closesUnused", { time }), brief };
    default:
      return { text: brief, brief };
  }
}

function kept(t: Translate, session: Session): { text: string; brief: string } {
  const text = t("keptUntil", { time: clock(session.extendedUntil ?? 0) });
  return { text, brief: text };
}

function upTo(left: number, unit: number): number {
  return Math.ceil(left / unit) * unit;
}

/** How long until `left` falls below the next whole unit, and the text with it. */
function untilNext(left: number, unit: number): number {
  return left - (upTo(left, unit) - unit);
}
