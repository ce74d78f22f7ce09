/** What a screen reader hears of a notebook's session, without being asked. */

import type { Translate } from "../strings";
import { lowered } from "./bar";
import { countdown, isOver } from "./countdown";
import { endReason } from "./reasons";
import { nameOf } from "./states";
import { MINUTE } from "./times";
import type { Session } from "./types";

const MARKS = [1 * MINUTE, 10 * MINUTE];

/** Used a moment before its end, a session is not `soon`, so that its end reads in whole minutes. */
const SPOKEN = (timeoutAt: number): Partial<Session> => ({ lastActivityAt: timeoutAt - 1, extendedUntil: null });

export interface Announcement {
  /** The same announcement has the same key, and is made once. */
  readonly key: string;
  readonly text: string;
  /** When there may be another. */
  readonly changesAt: number | null;
}

/** What is worth saying of its present state. The first state of a page is not said: only changes are. */
export function announcement(t: Translate, session: Session, now: number): Announcement {
  const name = nameOf(session);
  if (isOver(session)) {
    const said = endReason(t, session);
    const reason = typeof said === "string" ? said : t(said.key, said.values);
    return { key: `${session.id} ended`, text: t("saysEnded", { name, reason }), changesAt: null };
  }
  const left = session.timeoutAt === null ? Infinity : session.timeoutAt - now;
  const mark = MARKS.find((one) => left <= one);
  const next = MARKS.filter((one) => one < left).at(-1);
  const changesAt = session.timeoutAt !== null && next !== undefined ? session.timeoutAt - next : null;
  if (mark !== undefined && session.timeoutAt !== null) {
    const end = countdown(t, { ...session, ...SPOKEN(session.timeoutAt) }, session.timeoutAt - mark)?.text ?? "";
    return { key: `${session.id} ${mark}`, text: t("saysSoon", { name, end: lowered(end) }), changesAt };
  }
  const usable = session.status === "active" || session.ready;
  return { key: `${session.id} ${usable}`, text: usable ? t("saysActive", { name }) : "", changesAt };
}
