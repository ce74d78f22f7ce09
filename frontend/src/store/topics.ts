/** What is loaded only while an element watches it. */

import { Refused } from "../api/client";
import { readEstimates, readInstanceTypes, readLog, readQueries, type SailEvent } from "../api/reading";
import { nothingLoaded, type Loaded, type Topic } from "../model/snapshot";
import type { PageSource } from "./page_source";
import type { Clock, Visibility } from "./surroundings";

const LOG_LINES = 500;
/** While an engine starts, or tells how many tasks of a query are done, there is news without an event. */
const NEWS_EVERY = 2000;

type Keyed = "estimates" | "queries" | "logs";

export class Topics {
  /** How many watch a job's topic. */
  private readonly watched = new Map<string, number>();
  private readonly repeats = new Map<string, () => void>();

  constructor(
    private readonly source: PageSource,
    private readonly clock: Clock,
    private readonly visibility: Visibility,
  ) {}

  watch(topic: Topic): () => void {
    const job = jobOf(topic);
    const before = this.watched.get(job) ?? 0;
    this.watched.set(job, before + 1);
    if (before === 0 && this.source.inStep) {
      void this.source.soon.ask(job);
    }
    let watching = true;
    return () => {
      if (watching) {
        watching = false;
        this.unwatch(job);
      }
    };
  }

  /** Everything that is watched, anew. */
  loadAll(): void {
    for (const job of this.watched.keys()) {
      void this.source.soon.ask(job);
    }
  }

  /** Nobody looks on any more. */
  rest(): void {
    this.repeats.forEach((cancel) => cancel());
    this.repeats.clear();
  }

  told(event: SailEvent): void {
    for (const job of this.watched.keys()) {
      const [kind, id] = job.split(":");
      const ofSession = id === event.sessionId && (kind === "queries" || (kind === "log" && event.kind !== "query"));
      if (ofSession || (kind === "estimates" && event.kind !== "query")) {
        void this.source.soon.ask(job);
      }
    }
  }

  /** A session was read alone, or could not be. */
  found(id: string, problem: Loaded<never>["problem"]): void {
    const { [id]: known, ...others } = this.source.snapshot.missing ?? {};
    if (problem && this.watched.has(`one:${id}`)) {
      this.source.update({ missing: { ...others, [id]: problem } });
    } else if (known) {
      this.source.update({ missing: others });
    }
  }

  async work(job: string): Promise<void> {
    if (!this.watched.has(job) && job !== "ended") {
      return;
    }
    const [kind, id = ""] = job.split(":");
    const { client } = this.source;
    const path = { session: id };
    if (kind === "ended") {
      await this.readEnded(() => this.source.ended.reload());
    } else if (kind === "more") {
      await this.readMore(job, id);
    } else if (kind === "one") {
      await this.source.readOne(id);
    } else if (kind === "instanceTypes") {
      const before = this.source.snapshot.instanceTypes;
      const read = async () => readInstanceTypes(await client.call("GET", "/instance-types"));
      this.source.update({ instanceTypes: await this.read(before, "instance_types", read) });
    } else if (kind === "estimates") {
      const read = async () => readEstimates(await client.call("GET", "/start-estimates", { query: { kernelId: id } }));
      await this.readKeyed("estimates", id, "start_estimates", read);
    } else if (kind === "queries") {
      const read = async () => readQueries(await client.call("GET", "/workloads/sessions/{session}/queries", { path }));
      const queries = await this.readKeyed("queries", id, null, read);
      this.repeat(job, queries.items?.some((query) => query.outcome === "running" && query.tasks) ?? false);
    } else if (kind === "log") {
      const options = { path, query: { tail: LOG_LINES } };
      const read = async () => readLog(await client.call("GET", "/workloads/sessions/{session}/logs", options));
      await this.readKeyed("logs", id, null, read);
      const session = this.source.live.get(id);
      this.repeat(job, session?.status === "pending" && !session.ready);
    }
  }

  private unwatch(job: string): void {
    const left = (this.watched.get(job) ?? 1) - 1;
    if (left) {
      this.watched.set(job, left);
      return;
    }
    this.watched.delete(job);
    this.repeats.get(job)?.();
    this.repeats.delete(job);
  }

  private async readEnded(read: () => Promise<unknown>): Promise<void> {
    const before = this.source.snapshot.ended ?? nothingLoaded;
    this.source.update({ ended: before });
    const answer = await this.source.ask(read);
    const problem = answer instanceof Refused ? answer.problem : null;
    this.source.update({ ended: { ...before, problem } });
    if (!problem) {
      this.source.publishSessions();
    }
  }

  private async readMore(job: string, of: string): Promise<void> {
    const list = of === "ended" ? this.source.ended : this.source.live;
    if (!list.more) {
      return;
    }
    const answer = await this.source.ask(() => list.readMore());
    this.source.publishSessions();
    if (list.more && !(answer instanceof Refused) && this.watched.has(job)) {
      void this.source.soon.ask(job);
    }
  }

  private async readKeyed<T>(
    where: Keyed,
    id: string,
    feature: string | null,
    read: () => Promise<readonly T[]>,
  ): Promise<Loaded<T>> {
    const before = this.source.snapshot[where][id] as Loaded<T> | undefined;
    const found = await this.read(before ?? null, feature, read);
    this.source.update({ [where]: { ...this.source.snapshot[where], [id]: found } });
    return found;
  }

  /** @param feature without which the server has none of it. */
  private async read<T>(
    before: Loaded<T> | null,
    feature: string | null,
    read: () => Promise<readonly T[]>,
  ): Promise<Loaded<T>> {
    const items = feature && !this.source.has(feature) ? [] : await this.source.ask(read);
    if (items instanceof Refused) {
      return { ...(before ?? nothingLoaded), problem: items.problem };
    }
    return { items, problem: null, asOf: this.source.serverNow(), total: items.length };
  }

  private repeat(job: string, wanted: boolean): void {
    this.repeats.get(job)?.();
    this.repeats.delete(job);
    if (wanted && this.watched.has(job)) {
      const again = (): void => {
        if (this.visibility.hidden) {
          this.repeats.set(job, this.clock.after(NEWS_EVERY, again));
        } else if (this.source.inStep) {
          void this.source.soon.ask(job);
        }
      };
      this.repeats.set(job, this.clock.after(NEWS_EVERY, again));
    }
  }
}

function jobOf(topic: Topic): string {
  switch (topic.topic) {
    case "estimates":
      return `estimates:${topic.kernelId}`;
    case "session":
      return `one:${topic.sessionId}`;
    case "queries":
    case "log":
      return `${topic.topic}:${topic.sessionId}`;
    case "more":
      return `more:${topic.of}`;
    default:
      return topic.topic;
  }
}
