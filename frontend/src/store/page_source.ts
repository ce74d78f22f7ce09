/** The source of a page: REST for what is, the event WebSocket for when it changes. */

import { type Call, CONFIGS, makeClient, problemFrom, Refused, type Requester, SESSION, SESSIONS } from "../api/client";
import { linkAfter } from "../api/problems";
import { readConfigs, readEvent, readMe } from "../api/reading";
import { readPage } from "../api/reading_sessions";
import { type Loaded, nothingLoaded, type Snapshot } from "../model/snapshot";
import type { Config, Me, Session } from "../model/types";
import { makeLink } from "./link";
import { makeOverdue } from "./overdue";
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

/** More changed sessions than these at once are read as a list. */
const ONE_BY_ONE = 10;
/** An element that moves in the page leaves it for a moment. */
const LINGERS = 1000;
/** The `Date` header has whole seconds, so a smaller difference is none. */
const CLOCK_GRAIN = 1000;
const MOST_CONFIG_PAGES = 20;

export function makePageSource(options: PageSourceOptions): PageSource {
  const { clock } = options;
  const listeners = new Set<() => void>();
  const timers = makeTimers(clock);
  let snapshot: Snapshot = nothing;
  let me: Promise<Me> = new Promise(() => undefined);
  let running = false;
  let aborter = new AbortController();

  const serverNow = (): number => clock.now() + snapshot.skewMs;
  const has = (feature: string): boolean => snapshot.me?.features.includes(feature) ?? false;
  const update = (changes: Partial<Snapshot>): void => {
    snapshot = { ...snapshot, ...changes };
    listeners.forEach((listener) => listener());
  };

  const heard = (date: number | null): void => {
    const skewMs = date === null ? snapshot.skewMs : date + CLOCK_GRAIN / 2 - clock.now();
    snapshot = Math.abs(skewMs - snapshot.skewMs) > CLOCK_GRAIN ? { ...snapshot, skewMs } : snapshot;
    snapshot = { ...snapshot, asOf: serverNow() };
  };
  const call: Call = makeClient({ requester: options.requester, serverNow, heard, signal: () => aborter.signal });
  const sessions = makeSessions(async (status, marker) => {
    const json = await call("GET", SESSIONS, { query: { status, marker } });
    return readPage(json, (await me).id);
  });
  const { live, ended } = sessions;

  const publishSessions = (): void => {
    if (running) {
      overdue.plan(live.items());
    }
    update(sessions.shown(snapshot, serverNow()));
  };

  /** What is read, or the problem; one that concerns the whole page goes to the link. */
  const attempt = async <T>(read: () => Promise<T>): Promise<T | Refused> => {
    const during = link.attempt();
    try {
      return await read();
    } catch (error) {
      const problem = problemFrom(error);
      if (linkAfter(problem)) {
        link.failed(problem, during);
      }
      return new Refused(problem);
    }
  };

  const readConfigList = async (): Promise<Loaded<Config>> => {
    const found: Config[] = [];
    let marker: string | null = null;
    try {
      for (let pages = 0; pages === 0 || (marker !== null && pages < MOST_CONFIG_PAGES); pages++) {
        const page = readConfigs(await call("GET", CONFIGS, { query: { marker } }));
        found.push(...page.configs);
        marker = page.marker;
      }
    } catch (error) {
      const problem = problemFrom(error);
      if (linkAfter(problem)) {
        throw error;
      }
      return { ...snapshot.configs, problem };
    }
    return ofAll(found);
  };
  const ofAll = <T>(items: readonly T[]): Loaded<T> => ({
    items,
    problem: null,
    asOf: serverNow(),
    total: items.length,
  });

  /** Five requests: who asks, the three lists, the configs. */
  const load = async (together: boolean): Promise<void> => {
    me = call("GET", "/me").then((json) => {
      snapshot = { ...snapshot, me: readMe(json) };
      return readMe(json);
    });
    if (!together) {
      await me;
    }
    const [vanished, configs] = await Promise.all([live.reload(), readConfigList(), me]);
    update({ configs });
    publishSessions();
    look(vanished);
    clock.after(0, topics.loadAll);
  };

  /** Sessions that have left the live ones: how did they end? */
  const look = (vanished: readonly Session[]): void => {
    if (vanished.length > ONE_BY_ONE) {
      void soon.ask("ended");
    } else {
      vanished.forEach(({ id }) => void soon.ask(`session:${id}`));
    }
  };

  const told = (text: string): number | null => {
    const event = readEvent(parsed(text));
    if (event.kind === "config") {
      void soon.ask("configs");
    } else if (event.sessionId !== null) {
      void soon.ask(`session:${event.sessionId}`);
    } else if (event.workloadId !== null) {
      const its = sessions.workload(event.workloadId, event.newStatus === "ready");
      its.forEach(({ id }) => void soon.ask(`session:${id}`));
    }
    topics.told(event);
    return event.sequence;
  };

  const readOne = async (id: string): Promise<void> => {
    const json = await attempt(() => call("GET", SESSION, { path: { session: id } }));
    const problem = json instanceof Refused ? json.problem : null;
    if (!problem) {
      sessions.put(json, snapshot.me?.id ?? null);
      publishSessions();
    } else if (problem.code === "NOT_FOUND") {
      live.remove(id);
      ended.remove(id);
      publishSessions();
    }
    topics.found(id, problem);
  };

  const work = async (job: string): Promise<void> => {
    const [kind, id = ""] = job.split(":");
    if (!running) {
      return;
    }
    if (kind === "session") {
      await readOne(id);
    } else if (kind === "sessions") {
      const vanished = await attempt(live.reload);
      publishSessions();
      look(vanished instanceof Refused ? [] : vanished);
    } else if (kind === "configs") {
      const configs = await attempt(readConfigList);
      if (!(configs instanceof Refused)) {
        update({ configs });
      }
    } else {
      await topics.work(job);
    }
  };

  const soon = makeSoon(clock, instead, work);
  const overdue = makeOverdue(clock, serverNow, (id) => void soon.ask(`session:${id}`));
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
    readOne,
  });
  const link = makeLink({
    ...options,
    query: (after) => (snapshot.me && !has("events") ? null : after === null ? "" : `?after=${after}`),
    serverNow,
    load,
    told,
    dropped() {
      soon.clear();
      overdue.rest();
    },
    publish: update,
  });

  const stop = (): void => {
    running = false;
    link.stop();
    topics.rest();
    aborter.abort();
    aborter = new AbortController();
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
    put(json) {
      sessions.put(json, snapshot.me?.id ?? null);
      publishSessions();
    },
    putConfigs(change) {
      const { items } = snapshot.configs;
      if (items) {
        update({ configs: ofAll(change(items)) });
      }
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

/** Many sessions, or any beside a list of all, are read as that list. */
function instead(due: readonly string[]): (job: string) => string {
  const isOne = (job: string): boolean => job.startsWith("session:");
  const asList = due.filter(isOne).length > ONE_BY_ONE;
  return (job) => (asList && isOne(job) ? "sessions" : job);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
