/** Jobs that are merged: those asked for within 50 ms run together, each once, and none twice at the same time. */

import type { Clock } from "./surroundings";

const MERGED_OVER = 50;

interface Waiting {
  readonly done: Promise<void>;
  readonly finish: () => void;
}

export class Soon {
  private waiting = new Map<string, Waiting>();
  private readonly running = new Set<string>();
  private cancel: (() => void) | null = null;

  /** @param instead tells, given all jobs that are due, which job does the work of each.
      @param work does a job; it does not fail. */
  constructor(
    private readonly clock: Clock,
    private readonly instead: (due: readonly string[]) => (job: string) => string,
    private readonly work: (job: string) => Promise<void>,
  ) {}

  /** @returns when it is done. */
  ask(job: string): Promise<void> {
    let waiting = this.waiting.get(job);
    if (!waiting) {
      let finish = (): void => undefined;
      const done = new Promise<void>((resolve) => (finish = resolve));
      waiting = { done, finish };
      this.waiting.set(job, waiting);
    }
    this.cancel ??= this.clock.after(MERGED_OVER, () => this.run());
    return waiting.done;
  }

  /** Forgets what waits. */
  clear(): void {
    this.cancel?.();
    this.cancel = null;
    this.waiting.forEach((waiting) => waiting.finish());
    this.waiting.clear();
  }

  private run(): void {
    this.cancel = null;
    const due = this.waiting;
    this.waiting = new Map();
    const instead = this.instead([...due.keys()]);
    const finishers = new Map<string, (() => void)[]>();
    for (const [job, waiting] of due) {
      const chosen = instead(job);
      finishers.set(chosen, [...(finishers.get(chosen) ?? []), waiting.finish]);
    }
    for (const [job, finish] of finishers) {
      const all = (): void => finish.forEach((one) => one());
      void (this.running.has(job) ? this.ask(job) : this.start(job)).then(all);
    }
  }

  private async start(job: string): Promise<void> {
    this.running.add(job);
    try {
      await this.work(job);
    } finally {
      this.running.delete(job);
    }
  }
}
