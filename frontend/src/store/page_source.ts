/** The source of a page: REST for what is, the event WebSocket for when it changes. */

import { type Call, CONFIGS, makeClient, problemFrom, Refused, type Requester, SESSIONS } from "../api/client";
import { linkAfter } from "../api/problems";
import { readEvent, readMe } from "../api/reading";
import { readPage } from "../api/reading_sessions";
import { nothingLoaded, type Snapshot } from "../model/snapshot";
import type { Config } from "../model/types";
import { makeConfigList } from "./config_list";
import { makeLink } from "./link";
import { makeOverdue } from "./overdue";
import { makeSessionJobs } from "./session_jobs";
import { makeSessions } from "./sessions";
import { makeSoon } from "./soon";
import type { Source } from "./source";
import type { Clock, OpenSocket, Visibility } from "./surroundings";
import { makeTimers } from "./timers";
import { makeTopics } from "./topics";

export interface PageSourceOptions {
  readonly requester: Requester;
  readonly openSocket: OpenSocket;
  readonly clock: Clock;
  readonly visibility: Visibility;
}

/** What the acts need beside what the elements do. */
export interface PageSource extends Source {
  /** Asks the server again now. */
  retry(): void;
  /** By the server's clock. */
  serverNow(): number;
  has(feature: string): boolean;
  isLive(sessionId: string): boolean;
  update(changes: Partial<Snapshot>): void;
  /** Takes in a session that the server has just told. */
  put(json: unknown): void;
  putConfigs(change: (configs: readonly Config[]) => readonly Config[]): void;
  /** Reads a thing again: `session:ID`, `queries:ID`.

      @returns when it is done. */
  soon(job: string): Promise<void>;
  /** A request failed; if that concerns the whole page, the page shows it. */
  failed(error: unknown): void;
}

/** An element that moves in the page leaves it for a moment. */
const LINGERS = 1000;
/** The `Date` header has whole seconds. */
const DATE_GRAIN = 1000;

export function makePageSource(options: PageSourceOptions): PageSource {
  const { clock } = options;
  const listeners = new Set<() => void>();
  const timers = makeTimers(clock);
  let snapshot: Snapshot = nothing;
  /** Of the attempt that goes on: its answer to who the caller is. */
  let greeting: Promise<void> | null = null;
  let running = false;
  let aborter = new AbortController();

  const serverNow = (): number => clock.now() + snapshot.skewMs;
  const has = (feature: string): boolean => snapshot.me?.features.includes(feature) ?? false;
  const update = (changes: Partial<Snapshot>): void => {
    snapshot = { ...snapshot, ...changes };
    listeners.forEach((listener) => listener());
  };

  /** The server wrote the `Date` of an answer after the request was sent, and before now. Within these bounds the clock
      stays as it was learned. */
  const sent = (): ((date: number | null) => void) => {
    const sentAt = clock.now();
    return (date) => {
      if (date !== null) {
        const [least, most] = [date - clock.now(), date + DATE_GRAIN - sentAt];
        snapshot = { ...snapshot, skewMs: Math.min(most, Math.max(least, snapshot.skewMs)) };
      }
      snapshot = { ...snapshot, asOf: serverNow() };
    };
  };
  const call: Call = makeClient({ requester: options.requester, serverNow, sent, signal: () => aborter.signal });
  const greet = (): Promise<void> =>
    (greeting ??= call("GET", "/me").then((json) => {
      snapshot = { ...snapshot, me: readMe(json) };
    }));
  const sessions = makeSessions(async (status, marker) => {
    const json = await call("GET", SESSIONS, { query: { status, marker } });
    await greeting;
    return readPage(json, snapshot.me?.id ?? null);
  });
  const configs = makeConfigList((marker) => call("GET", CONFIGS, { query: { marker } }));
  const { live, ended } = sessions;

  const publishSessions = (): void => {
    if (running) {
      overdue.plan(live.items());
    }
    update(sessions.shown(snapshot, serverNow()));
  };

  /** @returns what is read, or the problem; one that concerns the whole page goes to the link.
      @throws Dropped when the page has connected anew meanwhile, and so reads anew. */
  const attempt = async <T>(read: () => Promise<T>): Promise<T | Refused> => {
    const during = link.attempt();
    try {
      return await read();
    } catch (error) {
      if (during !== link.attempt()) {
        throw new Dropped();
      }
      const problem = problemFrom(error);
      if (linkAfter(problem)) {
        link.failed(problem, during);
      }
      return new Refused(problem);
    }
  };

  const publishConfigs = (): void => {
    const items = configs.items();
    if (items) {
      update({ configs: { items, problem: null, asOf: serverNow(), total: items.length } });
    }
  };

  const readConfigs = async (): Promise<void> => {
    try {
      await configs.reload();
      publishConfigs();
    } catch (error) {
      const problem = problemFrom(error);
      if (linkAfter(problem)) {
        throw error;
      }
      update({ configs: { ...snapshot.configs, problem } });
    }
  };

  /** Five requests, unless the server was greeted before: who asks, the three lists, the configs. */
  const load = async (): Promise<void> => {
    const [vanished] = await Promise.all([live.reload(), readConfigs(), greet()]);
    publishSessions();
    jobs.ended(vanished.map(({ id }) => id));
    clock.after(0, topics.loadAll);
  };

  const told = (text: string): number | null => {
    const event = readEvent(parsed(text));
    if (event.kind === "config") {
      void soon.ask("configs");
    } else if (event.sessionId !== null) {
      jobs.changed(event.sessionId);
    } else if (event.workloadId !== null) {
      const its = sessions.workload(event.workloadId, event.newStatus === "ready");
      its.forEach(({ id }) => jobs.changed(id));
    }
    topics.told(event);
    return event.sequence;
  };

  const put = (json: unknown): void => {
    sessions.put(json, snapshot.me?.id ?? null);
    publishSessions();
  };

  const work = async (job: string): Promise<void> => {
    try {
      if (!running) {
        return;
      }
      if (job === "configs") {
        await attempt(readConfigs);
      } else if (!(await jobs.work(job))) {
        await topics.work(job);
      }
    } catch (error) {
      if (!(error instanceof Dropped)) {
        throw error;
      }
    }
  };

  const soon = makeSoon(clock, (due) => jobs.instead(due), work);
  const overdue = makeOverdue(clock, serverNow, (id) => jobs.changed(id));
  const topics = makeTopics({
    ...options,
    get snapshot() {
      return snapshot;
    },
    live,
    ended,
    call,
    inStep: () => running && snapshot.link === "live",
    has,
    serverNow,
    soon: (job) => void soon.ask(job),
    attempt,
    update,
    publishSessions,
    readOne: (id) => jobs.readOne(id),
  });
  const jobs = makeSessionJobs({
    sessions,
    call,
    soon: (job) => void soon.ask(job),
    attempt,
    put,
    publish: publishSessions,
    found: topics.found,
  });
  const link = makeLink({
    ...options,
    query: (after) => (snapshot.me && !has("events") ? null : after === null ? "" : `?after=${after}`),
    serverNow,
    greet,
    load,
    told,
    dropped() {
      greeting = null;
      aborter.abort();
      aborter = new AbortController();
      soon.clear();
      overdue.rest();
    },
    publish: update,
  });

  const stop = (): void => {
    running = false;
    link.stop();
    topics.rest();
    // Out of step, until everything is read again for whoever looks next.
    snapshot = { ...snapshot, link: snapshot.link === "live" ? "loading" : snapshot.link };
  };

  return {
    get snapshot() {
      return snapshot;
    },
    subscribe(listener) {
      const called = (): void => listener();
      listeners.add(called);
      timers.cancel();
      if (!running) {
        running = true;
        link.start();
      }
      return () => {
        if (listeners.delete(called) && !listeners.size) {
          timers.set("", LINGERS, stop);
        }
      };
    },
    watch: topics.watch,
    retry: link.retry,
    serverNow,
    has,
    isLive: (id) => live.get(id) !== undefined,
    update,
    put,
    putConfigs(change) {
      configs.change(change);
      publishConfigs();
    },
    soon: soon.ask,
    failed: (error) => void attempt(() => Promise.reject(error as Error)),
  };
}

const nothing: Snapshot = {
  link: "loading",
  problem: null,
  asOf: 0,
  skewMs: 0,
  retryAt: null,
  me: null,
  sessions: nothingLoaded,
  configs: nothingLoaded,
  ended: null,
  instanceTypes: null,
  estimates: {},
  queries: {},
  logs: {},
  acts: {},
};

/** What was read belongs to an attempt that is over. */
class Dropped extends Error {}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
