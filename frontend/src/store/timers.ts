/** Timers by name: setting one again puts the new one in its place. */

import type { Clock } from "./surroundings";

export interface Timers<Name extends string = string> {
  set(name: Name, milliseconds: number, run: () => void): void;
  has(name: Name): boolean;
  /** Of one timer, or of all. */
  cancel(name?: Name): void;
}

export function makeTimers<Name extends string = string>(clock: Clock): Timers<Name> {
  const waiting = new Map<Name, () => void>();
  const cancel = (name?: Name): void => {
    for (const one of name === undefined ? [...waiting.keys()] : [name]) {
      waiting.get(one)?.();
      waiting.delete(one);
    }
  };
  return {
    cancel,
    has: (name) => waiting.has(name),
    set(name, milliseconds, run) {
      cancel(name);
      const stop = clock.after(milliseconds, () => {
        waiting.delete(name);
        run();
      });
      waiting.set(name, stop);
    },
  };
}
