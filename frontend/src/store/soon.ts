/** Jobs that are merged: those asked for within 50 ms run together, each once, and none twice at the same time. */

import type { Clock } from "./surroundings";
import { makeTimers } from "./timers";

const MERGED_OVER = 50;

export interface Soon {
  /** @returns when it is done. */
  ask(job: string): Promise<void>;
  /** Forgets what waits. */
  clear(): void;
}

/** @param instead tells, given all jobs that are due, which job does the work of each.
    @param work does a job; it does not fail. */
export function makeSoon(
  clock: Clock,
  instead: (due: readonly string[]) => (job: string) => string,
  work: (job: string) => Promise<void>,
): Soon {
  const timers = makeTimers(clock);
  const running = new Set<string>();
  let waiting = new Map<string, { done: Promise<void>; finish: () => void }>();

  const ask = (job: string): Promise<void> => {
    let found = waiting.get(job);
    if (!found) {
      const { promise: done, resolve: finish } = resolvable();
      found = { done, finish };
      waiting.set(job, found);
    }
    if (!timers.has("")) {
      timers.set("", MERGED_OVER, run);
    }
    return found.done;
  };

  const run = (): void => {
    const due = waiting;
    waiting = new Map();
    const chosen = instead([...due.keys()]);
    const started = new Map<string, Promise<void>>();
    for (const [name, { finish }] of due) {
      const job = chosen(name);
      const done = started.get(job) ?? (running.has(job) ? ask(job) : start(job));
      started.set(job, done);
      void done.then(finish);
    }
  };

  const start = async (job: string): Promise<void> => {
    running.add(job);
    try {
      await work(job);
    } finally {
      running.delete(job);
    }
  };

  return {
    ask,
    clear() {
      timers.cancel();
      waiting.forEach(({ finish }) => finish());
      waiting.clear();
    },
  };
}

function resolvable(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
