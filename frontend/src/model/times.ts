/** Durations and moments as text. Moments are milliseconds since 1970; the text is in the reader's zone and language. */

import type { Translate } from "../strings";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** `60 s`, `42 min`, `8 h 30 min`, `7 d`: how long a limit or a wait is. */
export function duration(t: Translate, seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 120 ? t("seconds", { seconds: whole }) : inUnits(t, Math.floor(whole / 60), 60);
}

/** What is left or has passed, in whole minutes, rounded down; hours appear from two on. */
export function coarse(t: Translate, milliseconds: number): string {
  return inUnits(t, Math.floor(milliseconds / MINUTE), 120);
}

function inUnits(t: Translate, minutes: number, hoursFrom: number): string {
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (minutes < hoursFrom) {
    return t("minutes", { minutes });
  }
  if (hours < 48) {
    return minutes % 60 ? t("hoursMinutes", { hours, minutes: minutes % 60 }) : t("hours", { hours });
  }
  return hours % 24 ? t("daysHours", { days, hours: hours % 24 }) : t("days", { days });
}

/** `0:14`, `1:12`, `1:02:03`: a clock that runs, rounded down. */
export function stopwatch(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / SECOND));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** `0.1 s`, `14 s`, and from a minute on `1:12`. */
export function took(t: Translate, milliseconds: number, digits = 1): string {
  const seconds = milliseconds / SECOND;
  return seconds < 60 ? t("seconds", { seconds: decimal(seconds, digits) }) : stopwatch(milliseconds);
}

/** `09:12`. */
export function clock(moment: number): string {
  return format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(moment);
}

/** `09:12:40`. */
export function clockSeconds(moment: number): string {
  return format({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(moment);
}

/** `09:12` today, then `Yesterday`, `12 Nov`, `12 Nov 2025`. */
export function when(t: Translate, moment: number, now: number): string {
  switch (daysBetween(moment, now)) {
    case 0:
      return clock(moment);
    case 1:
      return t("yesterday");
    default:
      return date(moment, now);
  }
}

/** `12 Nov`, with the year when it is another one. */
export function date(moment: number, now: number): string {
  const sameYear = new Date(moment).getFullYear() === new Date(now).getFullYear();
  return format({ day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) }).format(moment);
}

/** Date and time in full, for tooltips. */
export function fullTime(moment: number): string {
  return format({ dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" }).format(moment);
}

/** `28 Nov 2026, 09:00`. */
export function shortTime(moment: number): string {
  return format({ dateStyle: "medium", timeStyle: "short", hourCycle: "h23" }).format(moment);
}

/** How many midnights of the reader's zone lie between. */
export function daysBetween(earlier: number, later: number): number {
  return Math.round((new Date(later).setHours(0, 0, 0, 0) - new Date(earlier).setHours(0, 0, 0, 0)) / DAY);
}

/** The first of several moments; `null` when there is none. */
export function earliest(moments: readonly (number | null | undefined)[]): number | null {
  const told = moments.filter((moment): moment is number => typeof moment === "number");
  return told.length ? Math.min(...told) : null;
}

/** When a clock that runs since `since` shows its next second. */
export function nextSecond(since: number, now: number): number {
  return now + SECOND - ((((now - since) % SECOND) + SECOND) % SECOND);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify(options);
  const made = formats.get(key) ?? new Intl.DateTimeFormat(undefined, options);
  formats.set(key, made);
  return made;
}

function decimal(value: number, digits: number): string {
  const fraction = value < 10 ? digits : 0;
  return value.toLocaleString(undefined, { minimumFractionDigits: fraction, maximumFractionDigits: fraction });
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
