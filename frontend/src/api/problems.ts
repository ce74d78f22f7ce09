/** Failures as `Problem`: the API's problem documents, and what replaces them when something else answers, or
    nothing does. */

import type { Problem } from "../model/types";
import { apiStrings } from "../strings/api";
import { filled } from "../strings/filled";
import type { Answer } from "./client";
import { Fields, isObject } from "./fields";
import type { components } from "./generated";

/** Codes that this page gives. All others are the API's. */
export const UNREACHABLE = "UNREACHABLE";
/** Something answers that is not our API: a server without the extension, or a proxy before it. */
export const FOREIGN = "FOREIGN";
/** What the API answers to each call when its settings are wrong. */
const SETTINGS_WRONG = "settings_wrong";

/** @param now by the server's clock. */
export function problemOf(answer: Answer, now: number): Problem {
  const told = new Fields<components["schemas"]["Problem"]>(answer.json);
  const { code, message, detail, title, reason, requestId } = told.texts(
    "code",
    "message",
    "detail",
    "title",
    "reason",
    "requestId",
  );
  if (code === null) {
    return foreign(answer, now);
  }
  return {
    code,
    message: message || detail || title || filled(apiStrings.serverRefuses, { status: answer.status }),
    reason,
    status: answer.status,
    requestId: requestId ?? answer.headers.get("X-Request-Id"),
    retryAt: retryAt(answer, told.number("retryAfterSeconds"), now),
    errors: told.list("errors").flatMap(fieldOf),
  };
}

/** The problem of a call that got no answer, or none of a server that works. */
export function silence(status: number | null): Problem {
  return {
    code: UNREACHABLE,
    message: apiStrings.serverSilent,
    reason: null,
    status,
    requestId: null,
    retryAt: null,
    errors: [],
  };
}

/** What a problem of one call means for the whole page; `null`: nothing. */
export function linkAfter(problem: Problem): "loggedOut" | "absent" | "refused" | "stale" | null {
  if (problem.code === "UNAUTHENTICATED") {
    return "loggedOut";
  }
  if (problem.code === FOREIGN) {
    return problem.status === 404 ? "absent" : "stale";
  }
  if (problem.code === "UNAVAILABLE") {
    return problem.reason === SETTINGS_WRONG ? "refused" : "stale";
  }
  return problem.code === UNREACHABLE ? "stale" : null;
}

/** A gateway's 502 to 504 mean that the server does not answer. Any other answer comes from somebody who is not us. */
function foreign(answer: Answer, now: number): Problem {
  const silent = answer.status >= 502 && answer.status <= 504;
  const key = silent ? "serverSilent" : answer.status === 404 ? "serverWithoutUs" : "serverForeign";
  return {
    ...silence(answer.status),
    code: silent ? UNREACHABLE : FOREIGN,
    message: filled(apiStrings[key], { status: answer.status }),
    retryAt: retryAt(answer, null, now),
  };
}

/** `Retry-After` is a number of seconds or a date. */
function retryAt(answer: Answer, seconds: number | null, now: number): number | null {
  const header = answer.headers.get("Retry-After");
  const wait = seconds ?? Number(header || Number.NaN);
  const moment = Number.isFinite(wait) ? now + wait * 1000 : Date.parse(header ?? "");
  return Number.isNaN(moment) ? null : moment;
}

function fieldOf(field: unknown): Problem["errors"] {
  return isObject(field) && typeof field.pointer === "string" && typeof field.message === "string"
    ? [{ pointer: field.pointer, message: field.message }]
    : [];
}
