/** Time in elements: one timer for the page, set to the next change of any visible text; none while the page is hidden. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

/** What the ticker needs of a browser. */
export interface Browser {
  now(): number;
  isHidden(): boolean;
  onVisibility(listener: () => void): void;
  /** @returns how to cancel. */
  after(milliseconds: number, call: () => void): () => void;
}

const LONGEST = 2 ** 31 - 1;

export class Ticker {
  private readonly wanted = new Map<object, { at: number; wake: () => void }>();
  private cancel: (() => void) | null = null;

  constructor(private readonly browser: Browser) {
    browser.onVisibility(() => this.arm());
  }

  /** Calls `wake` once at `at`, in this machine's time; replaces what `who` wanted before. `null`: nothing. */
  set(who: object, at: number | null, wake: () => void): void {
    const before = this.wanted.get(who)?.at ?? null;
    if (at === null) {
      this.wanted.delete(who);
    } else {
      this.wanted.set(who, { at, wake });
    }
    if (before !== at) {
      this.arm();
    }
  }

  private arm(): void {
    this.cancel?.();
    this.cancel = null;
    if (this.wanted.size && !this.browser.isHidden()) {
      const next = Math.min(...[...this.wanted.values()].map(({ at }) => at));
      this.cancel = this.browser.after(Math.min(LONGEST, Math.max(0, next - this.browser.now())), () => this.fire());
    }
  }

  private fire(): void {
    const now = this.browser.now();
    for (const [who, { at, wake }] of [...this.wanted]) {
      if (at <= now) {
        this.wanted.delete(who);
        wake();
      }
    }
    this.arm();
  }
}

const page: Browser = {
  now: () => Date.now(),
  isHidden: () => document.hidden,
  onVisibility: (listener) => document.addEventListener("visibilitychange", listener),
  after: (milliseconds, call) => {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  },
};

let shared: Ticker | null = null;

/** The one timer of the page. */
export function pageTicker(): Ticker {
  shared ??= new Ticker(page);
  return shared;
}

/** The server's clock for one element: it reads `now` while it renders, and says when what it drew changes. */
export class Clock implements ReactiveController {
  private next = Infinity;
  /** Lit renders also out of the document; there nothing changes by time. */
  private connected = false;

  /** `skew` gives the server's clock minus this machine's, in milliseconds. */
  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly skew: () => number,
  ) {
    host.addController(this);
  }

  now(): number {
    return Date.now() + this.skew();
  }

  /** The element renders again at this moment of the server's clock. Call it while rendering. */
  changesAt(moment: number | null | undefined): void {
    this.next = Math.min(this.next, moment ?? Infinity);
  }

  hostUpdate(): void {
    this.next = Infinity;
  }

  hostUpdated(): void {
    const at = this.connected && this.next !== Infinity ? this.next - this.skew() : null;
    pageTicker().set(this, at, () => this.host.requestUpdate());
  }

  hostConnected(): void {
    this.connected = true;
  }

  hostDisconnected(): void {
    this.connected = false;
    pageTicker().set(this, null, () => undefined);
  }
}
