/** Looks at sessions whose end has come and of which no event has told: once, five seconds later. */

import type { Session } from "../model/types";
import type { Clock } from "./surroundings";

const GRACE = 5000;
/** Browsers take no longer delay. */
const LONGEST = 2 ** 31 - 1;

export class Overdue {
  private cancel: (() => void) | null = null;
  /** The end of each session that was looked at. */
  private readonly looked = new Map<string, number>();

  constructor(
    private readonly clock: Clock,
    private readonly serverNow: () => number,
    private readonly look: (id: string) => void,
  ) {}

  /** Call it after each change of the live sessions. */
  plan(live: readonly Session[]): void {
    this.rest();
    let next = Infinity;
    for (const { id, timeoutAt } of live) {
      if (timeoutAt !== null && this.looked.get(id) !== timeoutAt) {
        next = Math.min(next, timeoutAt + GRACE);
      }
    }
    if (next !== Infinity) {
      const wait = Math.min(LONGEST, Math.max(0, next - this.serverNow()));
      this.cancel = this.clock.after(wait, () => this.lookAt(live));
    }
  }

  /** Nobody looks on any more. */
  rest(): void {
    this.cancel?.();
    this.cancel = null;
  }

  private lookAt(live: readonly Session[]): void {
    const now = this.serverNow();
    for (const { id, timeoutAt } of live) {
      if (timeoutAt !== null && timeoutAt + GRACE <= now && this.looked.get(id) !== timeoutAt) {
        this.looked.set(id, timeoutAt);
        this.look(id);
      }
    }
    this.plan(live);
  }
}
