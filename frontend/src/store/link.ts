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
/** When a socket has neither opened nor failed by then, a request asks the server. */
const SLOW_AFTER = 2 * SECOND;
/** How long the socket is waited for after the server has answered that request. */
const SOCKET_FOLLOWS_WITHIN = 1 * SECOND;
/** A dead connection may give no sign: an attempt that has not read everything by then has failed. */
const GIVEN_UP_AFTER = 30 * SECOND;
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
  /** Asks who the caller is, once in an attempt: it shows whether the server answers.

      @throws Refused */
  greet(): Promise<unknown>;
  /** Reads everything anew; greets, too, where the attempt has not yet.

      @throws Refused */
  load(): Promise<void>;
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
  /** Of one attempt. */
  const timers = makeTimers<"retry" | "slow" | "poll" | "late">(clock);
  /** Runs on while attempts fail. */
  const patience = makeTimers<"stale">(clock);
  let attempt = 0;
  let closeSocket: (() => void) | null = null;
  let stopWatching: (() => void) | null = null;
  let openedAt: number | null = null;
  /** Whether this attempt has begun to read. */
  let reads = false;
  let readAt: number | null = null;
  let failures = 0;
  let sequence: number | null = null;
  /** The next try is made when somebody sees the page. */
  let whenSeen = false;

  const drop = (): void => {
    attempt++;
    closeSocket?.();
    closeSocket = openedAt = null;
    whenSeen = reads = false;
    timers.cancel();
    options.dropped();
  };

  const become = (link: Snapshot["link"], problem: Problem | null): void => {
    patience.cancel();
    publish({ link, problem, retryAt: null });
  };

  const connect = (): void => {
    drop();
    timers.set("late", GIVEN_UP_AFTER, () => failed(silence(null), attempt));
    const query = options.query(sequence);
    if (query === null) {
      void readAlone();
      return;
    }
    const mine = attempt;
    timers.set("slow", SLOW_AFTER, () => void waitLonger());
    closeSocket = options.openSocket(query, {
      opened() {
        if (mine === attempt) {
          openedAt = clock.now();
          timers.cancel("slow");
          timers.cancel("poll");
          void read();
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
      become("loggedOut", null);
    } else if (since === null) {
      if (!reads) {
        void readAlone(); // a browser does not tell why
      }
    } else {
      if (clock.now() - since >= STEADY_AFTER) {
        failures = 0;
      }
      publish({ asOf: serverNow() });
      patience.set("stale", STALE_AFTER, () => publish({ link: "stale", problem: silence(null) }));
      retryLater();
    }
  };

  /** The socket is slow. When the server answers, the socket should open soon: what is read before it opens would have to
      be read again. */
  const waitLonger = async (): Promise<void> => {
    if ((await tried(options.greet)) && closeSocket && openedAt === null) {
      timers.set("slow", SOCKET_FOLLOWS_WITHIN, () => void read());
    }
  };

  /** There is no socket: one request goes first and decides. */
  const readAlone = async (): Promise<void> => {
    if ((await tried(options.greet)) && openedAt === null && !reads) {
      await read();
    }
  };

  const read = async (): Promise<void> => {
    reads = true;
    if (await tried(options.load)) {
      succeeded();
    }
  };

  /** @returns whether it was done, and its attempt still goes on. */
  const tried = async (ask: () => Promise<unknown>): Promise<boolean> => {
    const mine = attempt;
    try {
      await ask();
      return mine === attempt;
    } catch (error) {
      failed(problemFrom(error), mine);
      return false;
    }
  };

  const succeeded = (): void => {
    readAt = clock.now();
    timers.cancel("late");
    if (timers.has("retry") || whenSeen) {
      return; // the socket was lost meanwhile
    }
    become("live", null);
    if (openedAt === null) {
      // Requests pass and sockets do not; perhaps the server has another database, and knows no such event.
      sequence = null;
      failures = 0;
      poll();
    }
  };

  const poll = (): void => timers.set("poll", visibility.hidden ? POLL_HIDDEN : POLL_VISIBLE, connect);

  const failed = (problem: Problem, during: number): void => {
    if (during !== attempt || timers.has("retry") || whenSeen || !stopWatching) {
      return;
    }
    const told = linkAfter(problem) ?? "stale";
    // A server that has answered has the extension; a proxy may answer 404 in its place while it is away.
    const link = told === "absent" && readAt !== null ? "stale" : told;
    drop();
    become(link, problem);
    if (link === "stale") {
      retryLater();
    }
    // People correct settings, and then come back to the page; it asks nothing while nobody does.
    whenSeen = link === "refused";
  };

  /** Waits 1, 2, 4 ... 60 seconds. */
  const retryLater = (): void => {
    const wait = Math.min(LONGEST_WAIT, SECOND * 2 ** failures);
    failures = Math.min(failures + 1, 6);
    publish({ retryAt: serverNow() + wait });
    timers.set("retry", wait, () => {
      whenSeen = visibility.hidden;
      if (!whenSeen) {
        connect();
      }
    });
  };

  const seen = (): void => {
    if (visibility.hidden) {
      return;
    }
    const polls = timers.has("poll");
    if (whenSeen || timers.has("retry") || (polls && clock.now() - (readAt ?? 0) >= POLL_VISIBLE)) {
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
      patience.cancel();
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
