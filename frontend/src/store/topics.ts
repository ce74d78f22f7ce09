/** What is loaded only while an element watches it. A topic is loaded by a job, whose name is the topic's with its id. */

import { type Call, Refused, SESSION } from "../api/client";
import { readEstimates, readInstanceTypes, readLog, readQueries, type SailEvent } from "../api/reading";
import { type Loaded, nothingLoaded, type Snapshot, type Topic } from "../model/snapshot";
import type { Problem } from "../model/types";
import type { SessionList } from "./session_list";
import type { Clock, Visibility } from "./surroundings";
import { makeTimers } from "./timers";

const LOG_LINES = 500;
/** While an engine starts, or tells how many tasks of a query are done, there is news without an event. */
const NEWS_EVERY = 2000;
/** How many topics that nobody watches any more are kept. A page may be open for weeks. */
const MOST_KEPT = 20;

/** Where the snapshot holds topics that have an id. */
const KEYED: Readonly<Record<string, "estimates" | "queries" | "logs" | undefined>> = {
  estimates: "estimates",
  queries: "queries",
  log: "logs",
};

/** What the topics need of the source that they belong to. */
export interface TopicSource {
  readonly snapshot: Snapshot;
  readonly live: SessionList;
  readonly ended: SessionList;
  readonly call: Call;
  readonly clock: Clock;
  readonly visibility: Visibility;
  /** Whether the page is in step with the server, and so may ask it for more. */
  inStep(): boolean;
  has(feature: string): boolean;
  serverNow(): number;
  /** Runs a job soon. */
  soon(job: string): void;
  /** @returns what was read, or why not. */
  attempt<T>(read: () => Promise<T>): Promise<T | Refused>;
  update(changes: Partial<Snapshot>): void;
  publishSessions(): void;
  readOne(id: string): Promise<void>;
}

export interface Topics {
  watch(topic: Topic): () => void;
  /** Everything that is watched, anew. */
  loadAll(): void;
  /** Nobody looks on any more. */
  rest(): void;
  told(event: SailEvent): void;
  /** A session was read alone, or could not be. */
  found(id: string, problem: Problem | null): void;
  work(job: string): Promise<void>;
}

export function makeTopics(source: TopicSource): Topics {
  const { call, clock, visibility, live, ended } = source;
  const timers = makeTimers(clock);
  /** How many watch a job's topic. */
  const watched = new Map<string, number>();
  /** Jobs whose topics nobody watches any more, the latest last. */
  let left: readonly string[] = [];

  const leave = (job: string): void => {
    const all = [...left.filter((one) => one !== job), job];
    left = all.slice(-MOST_KEPT);
    all.slice(0, -MOST_KEPT).forEach(forget);
  };

  const forget = (job: string): void => {
    const [topic = "", id = ""] = job.split(":");
    const where = KEYED[topic];
    if (where) {
      const { [id]: _, ...others } = source.snapshot[where];
      source.update({ [where]: others });
    }
  };

  const again = (job: string, wanted: boolean): void => {
    timers.cancel(job);
    if (wanted && watched.has(job)) {
      timers.set(job, NEWS_EVERY, () => {
        if (visibility.hidden) {
          again(job, true);
        } else if (source.inStep()) {
          source.soon(job);
        }
      });
    }
  };

  const load = async <T>(before: Loaded<T> | null | undefined, read: () => Promise<readonly T[]>) => {
    const items = await source.attempt(read);
    const loaded: Loaded<T> =
      items instanceof Refused
        ? { ...(before ?? nothingLoaded), problem: items.problem }
        : { items, problem: null, asOf: source.serverNow(), total: items.length };
    return loaded;
  };

  const loadKeyed = async <Where extends "estimates" | "queries" | "logs">(
    where: Where,
    id: string,
    read: () => Promise<NonNullable<Snapshot[Where][string]["items"]>>,
  ): Promise<Snapshot[Where][string]> => {
    const found = await load(source.snapshot[where][id] as Loaded<unknown>, read);
    source.update({ [where]: { ...source.snapshot[where], [id]: found } });
    return found as Snapshot[Where][string];
  };

  const works: Record<string, (id: string, job: string) => Promise<void>> = {
    async ended() {
      source.update({ ended: source.snapshot.ended ?? nothingLoaded });
      const answer = await source.attempt(ended.reload);
      const problem = answer instanceof Refused ? answer.problem : null;
      source.update({ ended: { ...(source.snapshot.ended ?? nothingLoaded), problem } });
      if (!problem) {
        source.publishSessions();
      }
    },
    async more(of, job) {
      const list = of === "ended" ? ended : live;
      if (list.more()) {
        const answer = await source.attempt(list.readMore);
        source.publishSessions();
        if (list.more() && !(answer instanceof Refused) && watched.has(job)) {
          source.soon(job);
        }
      }
    },
    one: (id) => source.readOne(id),
    async instanceTypes() {
      const read = async () =>
        source.has("instance_types") ? readInstanceTypes(await call("GET", "/instance-types")) : [];
      source.update({ instanceTypes: await load(source.snapshot.instanceTypes, read) });
    },
    async estimates(kernelId) {
      await loadKeyed("estimates", kernelId, async () =>
        source.has("start_estimates")
          ? readEstimates(await call("GET", "/start-estimates", { query: { kernelId } }))
          : [],
      );
    },
    async queries(session, job) {
      const read = async () => readQueries(await call("GET", `${SESSION}/queries`, { path: { session } }));
      const { items } = await loadKeyed("queries", session, read);
      again(job, items?.some(({ outcome, tasks }) => outcome === "running" && tasks) ?? false);
    },
    async log(session, job) {
      const options = { path: { session }, query: { tail: LOG_LINES } };
      await loadKeyed("logs", session, async () => readLog(await call("GET", `${SESSION}/logs`, options)));
      const known = live.get(session);
      again(job, known?.status === "pending" && !known.ready);
    },
  };

  return {
    watch(topic) {
      const job = jobOf(topic);
      const before = watched.get(job) ?? 0;
      watched.set(job, before + 1);
      left = left.filter((one) => one !== job);
      if (!before && source.inStep()) {
        source.soon(job);
      }
      let stopped = false;
      return () => {
        const others = (watched.get(job) ?? 1) - 1;
        if (!stopped && others) {
          watched.set(job, others);
        } else if (!stopped) {
          watched.delete(job);
          timers.cancel(job);
          leave(job);
        }
        stopped = true;
      };
    },
    loadAll: () => [...watched.keys()].forEach(source.soon),
    rest: () => timers.cancel(),
    told({ kind, sessionId }) {
      const isQuery = kind === "query";
      for (const job of watched.keys()) {
        const [topic, id] = job.split(":");
        const ofSession = id === sessionId && (topic === "queries" || (topic === "log" && !isQuery));
        if (ofSession || (topic === "estimates" && !isQuery)) {
          source.soon(job);
        }
      }
    },
    found(id, problem) {
      const { [id]: known, ...others } = source.snapshot.missing ?? {};
      if (problem && watched.has(`one:${id}`)) {
        source.update({ missing: { ...others, [id]: problem } });
      } else if (known) {
        source.update({ missing: others });
      }
    },
    async work(job) {
      const [topic = "", id = ""] = job.split(":");
      if (watched.has(job) || topic === "ended") {
        await works[topic]?.(id, job);
      }
    },
  };
}

function jobOf(topic: Topic): string {
  const { topic: name } = topic;
  const id =
    "sessionId" in topic ? topic.sessionId : "kernelId" in topic ? topic.kernelId : "of" in topic ? topic.of : "";
  return `${name === "session" ? "one" : name}:${id}`;
}
