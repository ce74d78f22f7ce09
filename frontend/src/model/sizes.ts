/** Sizes, prices and amounts as text. A number and its unit never part. */

import type { Translate } from "../strings";
import type { Price, Session, Size } from "./types";

const MEBIBYTE = 1024 ** 2;
export const GIBIBYTE = 1024 ** 3;

/** `4 vCPU · 8 GiB`. */
export function sizeText(t: Translate, size: Size): string {
  return `${vcpuText(t, size.vcpus)} · ${memoryText(t, size.memoryBytes)}`;
}

export function vcpuText(t: Translate, vcpus: number): string {
  return t("vcpus", { count: number(vcpus, 1) });
}

export function memoryText(t: Translate, bytes: number): string {
  return bytes < GIBIBYTE
    ? t("mebibytes", { count: number(bytes / MEBIBYTE, 0) })
    : t("gibibytes", { count: number(bytes / GIBIBYTE, 1) });
}

/** `$0.16`. A currency that the browser does not know stands as it is. */
export function money(amount: number, currency: string): string {
  const small = amount > 0 && amount < 0.01;
  try {
    return new Intl.NumberFormat(undefined, {
      style: "currency",
      currency,
      currencyDisplay: "narrowSymbol",
      ...(small ? { maximumSignificantDigits: 2 } : {}),
    }).format(amount);
  } catch {
    return `${number(amount, small ? 4 : 2)}\u00a0${currency}`;
  }
}

/** `$0.16/h`. */
export function priceText(t: Translate, price: Price): string {
  return t("perHour", { price: money(price.perHour, price.currency) });
}

/** `small · 4 vCPU · 8 GiB · $0.16/h, $0.05 so far`; what is not told is left out. */
export function factsText(t: Translate, session: Session, withCost = true): string {
  return factsOf(t, session, withCost).join(" · ");
}

/** The same facts, one by one: each may have a direction of its own. */
export function factsOf(t: Translate, session: Session, withCost = true): string[] {
  const size = session.size ? sizeText(t, session.size) : "";
  return [session.configName ?? "", size, costText(t, session, withCost) ?? ""].filter(Boolean);
}

/** `$0.16/h, $0.05 so far`. */
export function costText(t: Translate, { price, costSoFar }: Session, withCost = true): string | null {
  if (!price) {
    return null;
  }
  if (!withCost || costSoFar === null) {
    return priceText(t, price);
  }
  return t("perHourSoFar", {
    price: money(price.perHour, price.currency),
    cost: money(costSoFar, price.currency),
  });
}

/** `0 B`, `1.9 kB`, `21.4 MB`. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit ? 1 : 0;
  return `${value.toLocaleString(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits })}\u00a0${units[unit]}`;
}

/** `336,776`. */
export function countText(count: number): string {
  return number(count, 0);
}

function number(value: number, digits: number): string {
  return value.toLocaleString(undefined, { maximumFractionDigits: digits });
}
