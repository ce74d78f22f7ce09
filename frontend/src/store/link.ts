/** Keeps the page in step with the server: one socket of events, tries again when it is gone, and asks from time to time
    where there is no socket. It decides when everything is read anew; what is read is not its business. */

import { linkAfter, silence } from "../api/problems";
import { problemFrom } from "../api/client";
import type { Snapshot } from "../model/snapshot";
import type { Problem } from "../model/types";
import type { Clock, OpenSocket, Visibility } from "./surroundings";

const SECOND = 1000;
/** A socket that is gone for this long makes the page stale. */
const STALE_AFTER = 3 * SECOND;
/** A socket that has neither opened nor failed by then is not waited for. */
const SLOW_AFTER = 2 * SECOND;
/** A socket that lived this long was a good one, so that the next try comes soon. */
const STEADY_AFTER = 10 * SECOND;
const LONGEST_WAIT = 60 * SECOND;
const POLL_VISIBLE = 10 * SECOND;
const POLL_HIDDEN = 60 * SECOND;
/** The server closes a socket with it when the caller's login has ended. */
const LOGGED_OUT = 4001;

export interface LinkOptions {
  readonly clock: Clock;
  readonly visibility: Visibility;
  readonly openSocket: OpenSocket;
  /** The query of the socket; `null`: the server has no events. */
  query(after: number | null): string | null;
  serverNow(): number;
  /** Reads everything anew.

      @param together whether the server is known to answer; else one request goes first and decides.
      @throws Refused */
  load(together: boolean): Promise<void>;
  /** @returns the number of the event, to go on from. */
  told(text: string): number | null;
  /** An attempt ends: what is under way for it is of no use any more. */
  dropped(): void;
  publish(changes: Partial<Pick<Snapshot, "link" | "problem" | "retryAt" | "asOf">>): void;
}

type Timer = "retry" | "stale" | "slow" | "poll";

export class Link {
  /** Counts attempts, so that nobody listens to what an earlier one finds. */
  attempt = 0;
  private readonly timers = new Map<Timer, () => void>();
  private closeSocket: (() => void) | null = null;
  private stopWatching: (() => void) | null = null;
  private openedAt: number | null = null;
  private readAt = 0;
  private failures = 0;
  private sequence: number | null = null;
  /** The time to try again came while nobody could see the page. */
  private due = false;

  constructor(private readonly options: LinkOptions) {}

  start(): void {
    this.stopWatching = this.options.visibility.onChange(() => this.seen());
    this.connect();
  }

  stop(): void {
    this.drop();
    this.stopWatching?.();
    this.stopWatching = null;
  }

  /** Tries now, because somebody asks for it. */
  retry(): void {
    if (this.stopWatching) {
      this.failures = 0;
      this.connect();
    }
  }

  /** A request of this attempt failed in a way that concerns the whole page. */
  failed(problem: Problem): void {
    const link = linkAfter(problem) ?? "stale";
    if (this.timers.has("retry") || this.due || !this.stopWatching) {
      return;
    }
    this.drop();
    this.options.publish({ link, problem, retryAt: null });
    if (link === "stale" || link === "refused") {
      this.retryLater(link === "refused" ? LONGEST_WAIT : null);
    }
  }

  private connect(): void {
    this.drop();
    const query = this.options.query(this.sequence);
    if (query === null) {
      void this.read(false);
      return;
    }
    const attempt = this.attempt;
    const mine = (run: () => void): void => {
      if (attempt === this.attempt) {
        run();
      }
    };
    this.set("slow", SLOW_AFTER, () => void this.read(false));
    this.closeSocket = this.options.openSocket(query, {
      opened: () => mine(() => this.opened()),
      told: (text) =>
        mine(() => {
          this.sequence = this.options.told(text) ?? this.sequence;
        }),
      closed: (code) => mine(() => this.closed(code)),
    });
  }

  private drop(): void {
    this.attempt++;
    this.closeSocket?.();
    this.closeSocket = null;
    this.openedAt = null;
    this.due = false;
    for (const cancel of this.timers.values()) {
      cancel();
    }
    this.timers.clear();
    this.options.dropped();
  }

  private opened(): void {
    this.openedAt = this.options.clock.now();
    this.cancel("slow");
    this.cancel("poll");
    void this.read(true);
  }

  private closed(code: number): void {
    const openedAt = this.openedAt;
    this.openedAt = null;
    this.closeSocket = null;
    this.cancel("slow");
    if (code === LOGGED_OUT) {
      this.drop();
      this.options.publish({ link: "loggedOut", problem: null, retryAt: null });
      return;
    }
    if (openedAt === null) {
      void this.read(false);
      return;
    }
    if (this.options.clock.now() - openedAt >= STEADY_AFTER) {
      this.failures = 0;
    }
    this.options.publish({ asOf: this.options.serverNow() });
    this.set("stale", STALE_AFTER, () => this.options.publish({ link: "stale", problem: silence(null) }));
    this.retryLater(null);
  }

  private async read(together: boolean): Promise<void> {
    const attempt = this.attempt;
    try {
      await this.options.load(together);
    } catch (error) {
      if (attempt === this.attempt) {
        this.failed(problemFrom(error));
      }
      return;
    }
    if (attempt === this.attempt) {
      this.succeeded();
    }
  }

  private succeeded(): void {
    this.readAt = this.options.clock.now();
    if (this.timers.has("retry")) {
      return; // the socket was lost meanwhile
    }
    this.cancel("stale");
    this.options.publish({ link: "live", problem: null, retryAt: null });
    if (this.openedAt === null) {
      // Requests pass and sockets do not; perhaps the server has another database, and knows no such event.
      this.sequence = null;
      this.failures = 0;
      this.set("poll", this.options.visibility.hidden ? POLL_HIDDEN : POLL_VISIBLE, () => this.connect());
    }
  }

  /** Waits 1, 2, 4 ... 60 seconds, or as long as it is told. */
  private retryLater(wait: number | null): void {
    const milliseconds = wait ?? Math.min(LONGEST_WAIT, SECOND * 2 ** this.failures);
    this.failures = Math.min(this.failures + 1, 6);
    this.options.publish({ retryAt: this.options.serverNow() + milliseconds });
    this.set("retry", milliseconds, () => {
      this.due = this.options.visibility.hidden;
      if (!this.due) {
        this.connect();
      }
    });
  }

  /** The page is seen again, or no more. */
  private seen(): void {
    if (this.options.visibility.hidden) {
      return;
    }
    const polled = this.timers.has("poll") && this.options.clock.now() - this.readAt >= POLL_VISIBLE;
    if (this.due || this.timers.has("retry") || polled) {
      this.connect();
    } else if (this.timers.has("poll")) {
      this.set("poll", POLL_VISIBLE, () => this.connect());
    }
  }

  private set(name: Timer, milliseconds: number, run: () => void): void {
    this.cancel(name);
    this.timers.set(
      name,
      this.options.clock.after(milliseconds, () => {
        this.timers.delete(name);
        run();
      }),
    );
  }

  private cancel(name: Timer): void {
    this.timers.get(name)?.();
    this.timers.delete(name);
  }
}
