/** Looks at sessions whose end has come and of which no event has told: once, five seconds later. */

import type { Session } from "../model/types";
import type { Clock } from "./surroundings";
import { makeTimers } from "./timers";

const GRACE = 5000;
/** Browsers take no longer delay. */
const LONGEST = 2 ** 31 - 1;

export interface Overdue {
  /** Call it after each change of the live sessions. */
  plan(live: readonly Session[]): void;
  /** Nobody looks on any more. */
  rest(): void;
}

export function makeOverdue(clock: Clock, serverNow: () => number, look: (id: string) => void): Overdue {
  const timers = makeTimers(clock);
  /** The end of each session that was looked at. */
  const looked = new Map<string, number>();

  const plan = (live: readonly Session[]): void => {
    timers.cancel();
    const open = live.filter(({ id, timeoutAt }) => timeoutAt !== null && looked.get(id) !== timeoutAt);
    if (open.length) {
      const next = Math.min(...open.map(({ timeoutAt }) => (timeoutAt as number) + GRACE));
      const wait = Math.min(LONGEST, Math.max(0, next - serverNow()));
      timers.set("", wait, () => {
        for (const { id, timeoutAt } of open) {
          if ((timeoutAt as number) + GRACE <= serverNow()) {
            looked.set(id, timeoutAt as number);
            look(id);
          }
        }
        plan(live);
      });
    }
  };

  return { plan, rest: timers.cancel };
}
