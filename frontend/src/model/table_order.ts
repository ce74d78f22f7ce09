/** How the table of sessions is sorted, and what its head sums up. */

import type { Translate } from "../strings";
import { isOver } from "./countdown";
import { money } from "./sizes";
import { placeOf } from "./notebook_session";
import { nameOf } from "./states";
import type { Session } from "./types";

export const SORT_KEYS = ["name", "owner", "config", "notebook", "started", "closes", "ended", "price"] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface Sort {
  readonly key: SortKey;
  readonly descending: boolean;
}

export const NEWEST_FIRST: Sort = { key: "started", descending: true };

/** What has no value stands last, whichever way it is sorted. */
export function sorted(sessions: readonly Session[], { key, descending }: Sort): Session[] {
  const sign = descending ? -1 : 1;
  return [...sessions].sort((one, other) => {
    const [mine, theirs] = [valueOf(one, key), valueOf(other, key)];
    if (mine === null || theirs === null) {
      return mine === theirs ? byId(one, other) : mine === null ? 1 : -1;
    }
    return sign * compared(mine, theirs) || byId(one, other);
  });
}

/** Texts begin at A, times and prices at the largest; the same header again turns it round. */
export function nextSort(before: Sort, key: SortKey): Sort {
  const largestFirst = ["started", "closes", "ended", "price"].includes(key);
  return { key, descending: before.key === key ? !before.descending : largestFirst };
}

/** `412 sessions, 38 people, $164.10/h`. */
export function summary(t: Translate, sessions: readonly Session[], teams: boolean): string {
  const count = sessions.length;
  const people = new Set(sessions.map(({ memberId, serviceAccountId }) => memberId ?? serviceAccountId)).size;
  return [
    count === 1 ? t("oneSession") : t("manySessions", { count }),
    teams ? (people === 1 ? t("onePerson") : t("manyPeople", { count: people })) : "",
    costOf(t, sessions),
  ]
    .filter(Boolean)
    .join(", ");
}

/** What the live ones cost in an hour, where that is known and in one currency. */
function costOf(t: Translate, sessions: readonly Session[]): string {
  const prices = sessions.filter((session) => !isOver(session)).flatMap(({ price }) => (price ? [price] : []));
  const [first] = prices;
  if (!first || prices.some(({ currency }) => currency !== first.currency)) {
    return "";
  }
  const sum = prices.reduce((total, { perHour }) => total + perHour, 0);
  return t("perHour", { price: money(sum, first.currency) });
}

function valueOf(session: Session, key: SortKey): string | number | null {
  switch (key) {
    case "name":
      return nameOf(session);
    case "owner":
      return session.ownerName;
    case "config":
      return session.configName;
    case "notebook":
      return placeOf(session);
    case "started":
      return session.createdAt;
    case "closes":
      return session.timeoutAt;
    case "ended":
      return session.closedAt;
    case "price":
      return session.price?.perHour ?? null;
  }
}

function compared(one: string | number, other: string | number): number {
  return typeof one === "number" && typeof other === "number"
    ? one - other
    : String(one).localeCompare(String(other), undefined, { numeric: true, sensitivity: "base" });
}

function byId(one: Session, other: Session): number {
  return one.id < other.id ? -1 : one.id > other.id ? 1 : 0;
}
