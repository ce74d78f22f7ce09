/** Keeps the page in step with the server: one socket of events, tries again when it is gone, and asks from time to time
    where there is no socket. It decides when everything is read anew; what is read is not its business. */

import { problemFrom } from "../api/client";
import { linkAfter, silence } from "../api/problems";
import type { Snapshot } from "../model/snapshot";
import type { Problem } from "../model/types";
import type { Clock, OpenSocket, Visibility } from "./surroundings";
import { makeTimers } from "./timers";

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

export interface Link {
  start(): void;
  stop(): void;
  /** Tries now, because somebody asks for it. */
  retry(): void;
  /** A request failed in a way that concerns the whole page.

      @param during the attempt that it belongs to; a failure of an earlier one says nothing about this one. */
  failed(problem: Problem, during: number): void;
  /** Counts attempts. */
  attempt(): number;
}

export function makeLink(options: LinkOptions): Link {
  const { clock, visibility, publish, serverNow } = options;
  const timers = makeTimers<"retry" | "stale" | "slow" | "poll">(clock);
  let attempt = 0;
  let closeSocket: (() => void) | null = null;
  let stopWatching: (() => void) | null = null;
  let openedAt: number | null = null;
  let readAt = 0;
  let failures = 0;
  let sequence: number | null = null;
  /** The time to try again came while nobody could see the page. */
  let due = false;

  const drop = (): void => {
    attempt++;
    closeSocket?.();
    closeSocket = openedAt = null;
    due = false;
    timers.cancel();
    options.dropped();
  };

  const connect = (): void => {
    drop();
    const query = options.query(sequence);
    if (query === null) {
      void read(false);
      return;
    }
    const mine = attempt;
    timers.set("slow", SLOW_AFTER, () => void read(false));
    closeSocket = options.openSocket(query, {
      opened() {
        if (mine === attempt) {
          openedAt = clock.now();
          timers.cancel("slow");
          timers.cancel("poll");
          void read(true);
        }
      },
      told(text) {
        if (mine === attempt) {
          sequence = options.told(text) ?? sequence;
        }
      },
      closed(code) {
        if (mine === attempt) {
          closed(code);
        }
      },
    });
  };

  const closed = (code: number): void => {
    const since = openedAt;
    closeSocket = openedAt = null;
    timers.cancel("slow");
    if (code === LOGGED_OUT) {
      drop();
      publish({ link: "loggedOut", problem: null, retryAt: null });
    } else if (since === null) {
      void read(false); // a browser does not tell why
    } else {
      if (clock.now() - since >= STEADY_AFTER) {
        failures = 0;
      }
      publish({ asOf: serverNow() });
      timers.set("stale", STALE_AFTER, () => publish({ link: "stale", problem: silence(null) }));
      retryLater();
    }
  };

  const read = async (together: boolean): Promise<void> => {
    const mine = attempt;
    try {
      await options.load(together);
    } catch (error) {
      failed(problemFrom(error), mine);
      return;
    }
    if (mine === attempt) {
      succeeded();
    }
  };

  const succeeded = (): void => {
    readAt = clock.now();
    if (timers.has("retry") || due) {
      return; // the socket was lost meanwhile
    }
    publish({ link: "live", problem: null, retryAt: null });
    if (openedAt === null) {
      // Requests pass and sockets do not; perhaps the server has another database, and knows no such event.
      sequence = null;
      failures = 0;
      poll();
    }
  };

  const poll = (): void => timers.set("poll", visibility.hidden ? POLL_HIDDEN : POLL_VISIBLE, connect);

  const failed = (problem: Problem, during: number): void => {
    if (during !== attempt || timers.has("retry") || due || !stopWatching) {
      return;
    }
    const link = linkAfter(problem) ?? "stale";
    drop();
    publish({ link, problem, retryAt: null });
    if (link === "stale") {
      retryLater();
    } else if (link === "refused") {
      retryLater(LONGEST_WAIT);
    }
  };

  /** Waits 1, 2, 4 ... 60 seconds, or as long as it is told. */
  const retryLater = (wait = Math.min(LONGEST_WAIT, SECOND * 2 ** failures)): void => {
    failures = Math.min(failures + 1, 6);
    publish({ retryAt: serverNow() + wait });
    timers.set("retry", wait, () => {
      due = visibility.hidden;
      if (!due) {
        connect();
      }
    });
  };

  const seen = (): void => {
    const polls = timers.has("poll");
    if (visibility.hidden) {
      return;
    }
    if (due || timers.has("retry") || (polls && clock.now() - readAt >= POLL_VISIBLE)) {
      connect();
    } else if (polls) {
      poll();
    }
  };

  return {
    attempt: () => attempt,
    failed,
    start() {
      stopWatching = visibility.onChange(seen);
      connect();
    },
    stop() {
      drop();
      stopWatching?.();
      stopWatching = null;
    },
    retry() {
      if (stopWatching) {
        failures = 0;
        connect();
      }
    },
  };
}
