/** Why a session ended, in a sentence. */

import type { Sentence, Translate } from "../strings";
import { duration } from "./times";
import type { Session } from "./types";

/** Reasons whose `statusMessage` says what went wrong, which no sentence of ours knows better. */
const TOLD_BY_THE_SERVER = new Set(["start_failed", "engine_crashed"]);

/** A sentence of ours, or the server's own. `startTimeout` in seconds, as `Me.limits` has it. */
export function endReason(t: Translate, session: Session, startTimeout: number | null = null): Sentence | string {
  const reason = session.terminationReason;
  if (reason !== null && TOLD_BY_THE_SERVER.has(reason) && session.statusMessage) {
    return session.statusMessage;
  }
  switch (reason) {
    case "user_closed":
      return session.closedBy ? closedBySomebody(session) : { key: session.mine ? "endUser" : "endOwner" };
    case "admin_closed":
      return closedBySomebody(session);
    case "idle_timeout":
      return withTime(t, "endIdle", idleSeconds(session)) ?? { key: "endIdleUnknown" };
    case "max_duration":
      return withTime(t, "endMax", session.maxDurationSeconds) ?? { key: "endMaxUnknown" };
    case "detached":
      return { key: "endDetached" };
    case "start_failed":
      return { key: "endStartFailed" };
    case "engine_crashed":
      return { key: "endCrashed" };
    case "start_timeout":
      return withTime(t, "endStartTimeout", startTimeout) ?? { key: "endStartTimeoutUnknown" };
    case "server_stopped":
      return { key: "endServer" };
    case "evicted":
      return { key: "endEvicted" };
    default:
      return session.statusMessage ?? reason ?? "";
  }
}

/** Whether it failed before it was ready. */
export function couldNotStart(session: Session): boolean {
  return session.terminationReason === "start_failed" || session.terminationReason === "start_timeout";
}

function closedBySomebody({ closedBy: person, closeReason: reason }: Session): Sentence {
  if (person) {
    return reason ? { key: "endPersonReason", values: { person, reason } } : { key: "endPerson", values: { person } };
  }
  return reason ? { key: "endAdminReason", values: { reason } } : { key: "endAdmin" };
}

function idleSeconds({ idleTimeoutSeconds, idleCloseDelaySeconds }: Session): number | null {
  return idleTimeoutSeconds === null ? null : idleTimeoutSeconds + (idleCloseDelaySeconds ?? 0);
}

function withTime(
  t: Translate,
  key: "endIdle" | "endMax" | "endStartTimeout",
  seconds: number | null,
): Sentence | null {
  return seconds === null ? null : { key, values: { time: duration(t, seconds) } };
}
