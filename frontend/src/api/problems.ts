/** Failures as `Problem`: the API's problem documents, and what stands in their place when something else answers, or
    nobody. */

import type { Problem } from "../model/types";
import { english, type Key } from "../strings";
import type { Answer } from "./client";

/** Codes that this page gives. All others are the API's. */
export const UNREACHABLE = "UNREACHABLE";
/** Something answers that is not our API: a server without the extension, or a proxy before it. */
export const FOREIGN = "FOREIGN";
/** What the API answers to each call when its settings are wrong. */
const SETTINGS_WRONG = "settings_wrong";

type Json = Readonly<Record<string, unknown>>;

/** @param now by the server's clock. */
export function problemOf(answer: Answer, now: number): Problem {
  const told = isObject(answer.json) && typeof answer.json.code === "string" ? answer.json : null;
  if (!told) {
    return foreign(answer, now);
  }
  const sentence = [told.message, told.detail, told.title].find((text) => typeof text === "string" && text !== "");
  return {
    ...silence(answer.status),
    code: told.code as string,
    message: (sentence as string | undefined) ?? english("serverRefuses", { status: answer.status }),
    reason: typeof told.reason === "string" ? told.reason : null,
    requestId: typeof told.requestId === "string" ? told.requestId : answer.headers.get("X-Request-Id"),
    retryAt: retryAt(answer, told.retryAfterSeconds, now),
    errors: Array.isArray(told.errors) ? told.errors.flatMap(fieldOf) : [],
  };
}

/** The problem of a call that got no answer, or none of a server that works. */
export function silence(status: number | null): Problem {
  return {
    code: UNREACHABLE,
    message: english("serverSilent"),
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
  const key: Key = silent ? "serverSilent" : answer.status === 404 ? "serverWithoutUs" : "serverForeign";
  return {
    ...silence(answer.status),
    code: silent ? UNREACHABLE : FOREIGN,
    message: english(key, { status: answer.status }),
    retryAt: retryAt(answer, undefined, now),
  };
}

/** `Retry-After` is a number of seconds or a date. */
function retryAt(answer: Answer, seconds: unknown, now: number): number | null {
  const header = answer.headers.get("Retry-After");
  const wait = typeof seconds === "number" ? seconds : header ? Number(header) : Number.NaN;
  const moment = Number.isFinite(wait) ? now + wait * 1000 : Date.parse(header ?? "");
  return Number.isNaN(moment) ? null : moment;
}

function fieldOf(field: unknown): Problem["errors"] {
  return isObject(field) && typeof field.pointer === "string" && typeof field.message === "string"
    ? [{ pointer: field.pointer, message: field.message }]
    : [];
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
