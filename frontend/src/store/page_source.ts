/** The source of a page: REST for what is, the event WebSocket for when it changes. */

import { Client, problemFrom, Refused, type Requester } from "../api/client";
import { linkAfter } from "../api/problems";
import { readConfigs, readEvent, readMe, type SailEvent } from "../api/reading";
import { readPage, readSession, withEarlier } from "../api/reading_sessions";
import { nothingLoaded, type Loaded, type Snapshot, type Topic } from "../model/snapshot";
import type { Config, Me, Session } from "../model/types";
import { Link } from "./link";
import { Overdue } from "./overdue";
import { SessionList } from "./session_list";
import { Soon } from "./soon";
import type { Source } from "./source";
import type { Clock, OpenSocket, Visibility } from "./surroundings";
import { Topics } from "./topics";

export interface PageSourceOptions {
  readonly requester: Requester;
  readonly openSocket: OpenSocket;
  readonly clock: Clock;
  readonly visibility: Visibility;
}

/** More changed sessions than these at once are read as a list. */
const ONE_BY_ONE = 10;
/** An element that moves in the page leaves it for a moment. */
const LINGERS = 1000;
/** The `Date` header has whole seconds, so a smaller difference is none. */
const CLOCK_GRAIN = 1000;
const MOST_CONFIG_PAGES = 20;

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

export class PageSource implements Source {
  snapshot: Snapshot = nothing;
  readonly client: Client;
  readonly live: SessionList;
  readonly ended: SessionList;
  readonly soon: Soon;
  private readonly listeners = new Set<() => void>();
  private readonly link: Link;
  private readonly topics: Topics;
  private readonly overdue: Overdue;
  private readonly clock: Clock;
  private readonly readyWorkloads = new Set<string>();
  private me: Promise<Me> = new Promise(() => undefined);
  private running = false;
  private cancelStop: (() => void) | null = null;

  constructor(options: PageSourceOptions) {
    this.clock = options.clock;
    this.client = new Client(
      options.requester,
      () => this.serverNow(),
      ({ date }) => this.heard(date),
    );
    this.live = this.listOf(["pending", "active", "idle"], false);
    this.ended = this.listOf(["closed", "failed"], true);
    this.soon = new Soon(this.clock, instead, (job) => this.work(job));
    this.topics = new Topics(this, options.clock, options.visibility);
    const serverNow = (): number => this.serverNow();
    this.overdue = new Overdue(this.clock, serverNow, (id) => void this.soon.ask(`session:${id}`));
    this.link = new Link({
      ...options,
      query: (after) => this.streamQuery(after),
      serverNow,
      load: (together) => this.load(together),
      told: (text) => this.told(text),
      dropped: () => {
        this.soon.clear();
        this.overdue.rest();
      },
      publish: (changes) => this.update(changes),
    });
  }

  subscribe(listener: () => void): () => void {
    const called = (): void => listener();
    this.listeners.add(called);
    this.cancelStop?.();
    this.cancelStop = null;
    if (!this.running) {
      this.running = true;
      this.link.start();
    }
    return () => {
      if (this.listeners.delete(called) && this.listeners.size === 0) {
        this.cancelStop = this.clock.after(LINGERS, () => this.stop());
      }
    };
  }

  watch(topic: Topic): () => void {
    return this.topics.watch(topic);
  }

  /** Asks the server again now. */
  retry(): void {
    this.link.retry();
  }

  /** By the server's clock. */
  serverNow(): number {
    return this.clock.now() + this.snapshot.skewMs;
  }

  update(changes: Partial<Snapshot>): void {
    this.snapshot = { ...this.snapshot, ...changes };
    this.listeners.forEach((listener) => listener());
  }

  /** Whether the page is in step with the server, and so may ask it for more. */
  get inStep(): boolean {
    return this.running && this.snapshot.link === "live";
  }

  has(feature: string): boolean {
    return this.snapshot.me?.features.includes(feature) ?? false;
  }

  /** Runs a reading; a failure that concerns the whole page goes to the link.

      @returns what it read, or the problem. */
  async ask<T>(read: () => Promise<T>): Promise<T | Refused> {
    const attempt = this.link.attempt;
    try {
      return await read();
    } catch (error) {
      const problem = problemFrom(error);
      if (linkAfter(problem) && attempt === this.link.attempt) {
        this.link.failed(problem);
      }
      return new Refused(problem);
    }
  }

  /** Takes in a session that the server has just told. */
  put(json: unknown): void {
    const session = readSession(json, this.snapshot.me?.id ?? null);
    if (session) {
      const known = withEarlier(session, this.live.get(session.id) ?? this.ended.get(session.id));
      const ready = known.ready || (known.status === "pending" && this.readyWorkloads.has(known.workloadId ?? ""));
      const over = known.status === "closed" || known.status === "failed";
      const isNew = over && this.live.get(known.id) !== undefined;
      (over ? this.live : this.ended).remove(known.id);
      (over ? this.ended : this.live).put({ ...known, ready }, isNew);
      this.publishSessions();
    }
  }

  publishSessions(): void {
    const asOf = this.serverNow();
    if (this.running) {
      this.overdue.plan(this.live.items);
    }
    this.update({
      sessions: listed(this.live, asOf, this.snapshot.sessions),
      ended: this.ended.items.length || this.ended.read ? listed(this.ended, asOf, this.snapshot.ended) : null,
    });
  }

  putConfigs(change: (configs: readonly Config[]) => readonly Config[]): void {
    const items = this.snapshot.configs.items;
    if (items) {
      this.update({ configs: ofAll(change(items), this.serverNow()) });
    }
  }

  private stop(): void {
    this.running = false;
    this.link.stop();
    this.topics.rest();
  }

  private listOf(statuses: ConstructorParameters<typeof SessionList>[0], keeps: boolean): SessionList {
    return new SessionList(statuses, keeps, async (status, marker) => {
      const json = await this.client.call("GET", "/workloads/sessions", { query: { status, marker } });
      return readPage(json, (await this.me).id);
    });
  }

  /** Five requests: who asks, the three lists, the configs. */
  private async load(together: boolean): Promise<void> {
    const asked = this.client.call("GET", "/me").then((json) => {
      this.snapshot = { ...this.snapshot, me: readMe(json) };
      return readMe(json);
    });
    this.me = asked;
    if (!together) {
      await asked;
    }
    const [vanished, configs] = await Promise.all([this.live.reload(), this.readConfigs(), asked]);
    this.update({ configs });
    this.publishSessions();
    this.look(vanished);
    this.clock.after(0, () => this.topics.loadAll());
  }

  private async readConfigs(): Promise<Loaded<Config>> {
    const found: Config[] = [];
    let marker: string | null = null;
    try {
      for (let pages = 0; pages === 0 || (marker !== null && pages < MOST_CONFIG_PAGES); pages++) {
        const json: unknown = await this.client.call("GET", "/workloads/compute-configs", { query: { marker } });
        const page = readConfigs(json);
        found.push(...page.configs);
        marker = page.marker;
      }
    } catch (error) {
      const problem = problemFrom(error);
      if (linkAfter(problem)) {
        throw error;
      }
      return { ...this.snapshot.configs, problem };
    }
    return ofAll(found, this.serverNow());
  }

  /** Sessions that have left the live ones: how did they end? */
  private look(vanished: readonly Session[]): void {
    if (vanished.length <= ONE_BY_ONE) {
      vanished.forEach((session) => void this.soon.ask(`session:${session.id}`));
    } else {
      void this.soon.ask("ended");
    }
  }

  private streamQuery(after: number | null): string | null {
    if (this.snapshot.me && !this.has("events")) {
      return null;
    }
    return after === null ? "" : `?after=${after}`;
  }

  private told(text: string): number | null {
    let event: SailEvent;
    try {
      event = readEvent(JSON.parse(text));
    } catch {
      return null;
    }
    if (event.kind === "config") {
      void this.soon.ask("configs");
    } else if (event.sessionId !== null) {
      void this.soon.ask(`session:${event.sessionId}`);
    } else if (event.workloadId !== null) {
      this.toldOfWorkload(event.workloadId, event.newStatus);
    }
    this.topics.told(event);
    return event.sequence;
  }

  private toldOfWorkload(id: string, status: string | null): void {
    this.readyWorkloads[status === "ready" ? "add" : "delete"](id);
    for (const session of this.live.items) {
      if (session.workloadId === id) {
        void this.soon.ask(`session:${session.id}`);
      }
    }
  }

  private async work(job: string): Promise<void> {
    if (!this.running) {
      return;
    }
    const [kind, id = ""] = job.split(":");
    if (kind === "session") {
      await this.readOne(id);
    } else if (kind === "sessions") {
      const vanished = await this.ask(() => this.live.reload());
      this.publishSessions();
      this.look(vanished instanceof Refused ? [] : vanished);
    } else if (kind === "configs") {
      const configs = await this.ask(() => this.readConfigs());
      if (!(configs instanceof Refused)) {
        this.update({ configs });
      }
    } else {
      await this.topics.work(job);
    }
  }

  async readOne(id: string): Promise<void> {
    const session = id;
    const json = await this.ask(() => this.client.call("GET", "/workloads/sessions/{session}", { path: { session } }));
    if (!(json instanceof Refused)) {
      this.put(json);
    } else if (json.problem.code === "NOT_FOUND") {
      this.live.remove(id);
      this.ended.remove(id);
      this.publishSessions();
    }
    this.topics.found(id, json instanceof Refused ? json.problem : null);
  }

  private heard(date: number | null): void {
    const skewMs = date === null ? 0 : date + CLOCK_GRAIN / 2 - this.clock.now();
    if (date !== null && Math.abs(skewMs - this.snapshot.skewMs) > CLOCK_GRAIN) {
      this.snapshot = { ...this.snapshot, skewMs };
    }
    this.snapshot = { ...this.snapshot, asOf: this.serverNow() };
  }
}

/** Many sessions, or any beside a list of all, are read as that list. */
function instead(due: readonly string[]): (job: string) => string {
  const single = due.filter((job) => job.startsWith("session:")).length;
  const asList = single > ONE_BY_ONE || due.includes("sessions");
  return (job) => (asList && job.startsWith("session:") ? "sessions" : job);
}

function ofAll<T>(items: readonly T[], asOf: number): Loaded<T> {
  return { items, problem: null, asOf, total: items.length };
}

function listed(list: SessionList, asOf: number, before: Loaded<Session> | null): Loaded<Session> {
  const items = list.items;
  return { items, problem: before?.problem ?? null, asOf, total: list.total };
}
