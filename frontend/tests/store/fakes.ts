/** A clock, a page and a server that the tests move by hand. */

import type { Answer, Requester } from "../../src/api/client";
import { makePageSource, type PageSource } from "../../src/store/page_source";
import type { Clock, OpenSocket, SocketListener, Visibility } from "../../src/store/surroundings";

export const START = Date.UTC(2026, 10, 28, 9, 0, 0);

export class FakeClock implements Clock {
  private time = START;
  private timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(milliseconds: number, run: () => void): () => void {
    const timer = { at: this.time + milliseconds, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((one) => one !== timer);
    };
  }

  get waiting(): number {
    return this.timers.length;
  }

  /** Lets time pass; what timers start is carried on until it waits again. */
  async pass(milliseconds: number): Promise<void> {
    const until = this.time + milliseconds;
    await settled();
    for (;;) {
      const next = this.timers.filter((timer) => timer.at <= until).sort((one, other) => one.at - other.at)[0];
      if (!next) {
        break;
      }
      this.timers = this.timers.filter((timer) => timer !== next);
      this.time = next.at;
      next.run();
      await settled();
    }
    this.time = until;
  }
}

/** All promises that can go on have gone on. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 50; round++) {
    await Promise.resolve();
  }
}

export class FakeVisibility implements Visibility {
  hidden = false;
  private readonly listeners = new Set<() => void>();

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  set(hidden: boolean): void {
    this.hidden = hidden;
    this.listeners.forEach((listener) => listener());
  }
}

export type Row = Record<string, unknown> & { id: string; status: string; createdAt: string };

export function row(id: string, changes: Record<string, unknown> = {}): Row {
  return {
    id,
    endpointType: "spark_connect",
    name: id.toLowerCase(),
    status: "active",
    workloadId: `W${id}`,
    teamId: "LOCAL",
    memberId: "M1",
    config: { idleTimeoutSeconds: 1800, idleCloseDelaySeconds: 28800, maxDurationSeconds: null },
    metadata: { "lakesail/kernel": "k1", "lakesail/notebook": "flights.ipynb" },
    createdAt: "2026-11-28T08:54:00Z",
    updatedAt: "2026-11-28T08:54:00Z",
    ...changes,
  };
}

export const ME = {
  memberId: "M1",
  name: "Mara Voss",
  teamIds: ["LOCAL"],
  organizationAdmin: true,
  singleUser: true,
  features: ["events", "logs", "queries", "extend", "close_reason", "interrupt", "instance_types", "start_estimates"],
};

export interface Request {
  readonly verb: string;
  readonly path: string;
  readonly body: unknown;
}

type Reply = { status: number; json: unknown; headers?: Record<string, string> };

/** The API over rows in memory, as far as the store asks it. */
export class FakeServer {
  readonly requests: Request[] = [];
  readonly sockets: FakeSocket[] = [];
  rows: Row[] = [];
  configs: Record<string, unknown>[] = [];
  me: Record<string, unknown> = ME;
  /** Stands in place of all answers; `"silent"`: none comes. */
  instead: Reply | "silent" | null = null;
  /** Answers of single requests, such as `"POST /workloads/sessions/A/close"`. */
  readonly answers = new Map<string, Reply | "silent">();
  sockets_are: "open" | "refused" | "hanging" = "open";
  date: string | null = null;
  pageSize = 100;
  /** Requests wait until this is done. */
  held: Promise<void> | null = null;

  readonly requester: Requester = async (verb, path, body) => {
    this.requests.push({ verb, path, body });
    const reply = this.instead ?? this.answers.get(`${verb} ${path}`) ?? this.reply(verb, path);
    await this.held;
    if (reply === "silent") {
      throw new TypeError("Failed to fetch");
    }
    const headers = new Map(Object.entries({ ...reply.headers, ...(this.date ? { Date: this.date } : {}) }));
    const answer: Answer = { ...reply, headers: { get: (name) => headers.get(name) ?? null } };
    return answer;
  };

  readonly openSocket: OpenSocket = (query, listener) => {
    const socket = new FakeSocket(query, listener);
    this.sockets.push(socket);
    if (this.sockets_are === "open") {
      void Promise.resolve().then(() => socket.open());
    } else if (this.sockets_are === "refused") {
      void Promise.resolve().then(() => socket.close(1006));
    }
    return () => {
      socket.closedByPage = true;
    };
  };

  get socket(): FakeSocket {
    return this.sockets.at(-1) as FakeSocket;
  }

  /** The paths that were asked since the last call, without what a list is asked for beside its status. */
  asked(): string[] {
    return this.requests.splice(0).map(({ verb, path }) => (verb === "GET" ? path : `${verb} ${path}`));
  }

  private reply(verb: string, path: string): Reply {
    const [where = "", query = ""] = path.split("?");
    const given = new URLSearchParams(query);
    const [, , , id, what] = where.split("/");
    if (where === "/me") {
      return { status: 200, json: this.me };
    }
    if (where === "/workloads/compute-configs" && verb === "GET") {
      return { status: 200, json: { items: this.configs } };
    }
    if (where === "/workloads/sessions") {
      return { status: 200, json: this.page(given.get("status") ?? "", Number(given.get("marker") ?? 0)) };
    }
    const found = this.rows.find((one) => one.id === id);
    if (!found) {
      return problem(404, "NOT_FOUND", `There is no session ${id}.`);
    }
    if (what === undefined && verb === "GET") {
      return { status: 200, json: found };
    }
    if (what === "queries" || what === "logs") {
      return { status: 200, json: what === "logs" ? { lines: ["ready"] } : { items: [] } };
    }
    return { status: 204, json: undefined };
  }

  private page(status: string, from: number): unknown {
    const all = this.rows.filter((one) => one.status === status);
    all.sort((one, other) => (one.createdAt < other.createdAt ? 1 : -1));
    const until = from + this.pageSize;
    const sessions = all.slice(from, until);
    const marker = until < all.length ? { marker: String(until) } : {};
    return { total: all.length, items: sessions.map(({ id }) => ({ id })), included: { sessions }, ...marker };
  }
}

export class FakeSocket {
  closedByPage = false;
  private sequence = 10;

  constructor(
    readonly query: string,
    private readonly listener: SocketListener,
  ) {}

  open(): void {
    this.listener.opened();
  }

  close(code = 1006): void {
    this.listener.closed(code);
  }

  tell(event: Record<string, unknown>): void {
    this.listener.told(
      JSON.stringify({ sequence: ++this.sequence, at: "2026-11-28T09:00:00Z", kind: "move", ...event }),
    );
  }

  tellText(text: string): void {
    this.listener.told(text);
  }
}

export function problem(status: number, code: string, message: string, more: Record<string, unknown> = {}): Reply {
  return { status, json: { status, code, message, detail: message, requestId: "r-5f0c", ...more } };
}

export interface Page {
  readonly clock: FakeClock;
  readonly visibility: FakeVisibility;
  readonly server: FakeServer;
  readonly source: PageSource;
}

export function page(): Page {
  const [clock, visibility, server] = [new FakeClock(), new FakeVisibility(), new FakeServer()];
  const { requester, openSocket } = server;
  return { clock, visibility, server, source: makePageSource({ requester, openSocket, clock, visibility }) };
}

/** A page that somebody looks at, in step with its server. */
export async function openPage(...rows: Row[]): Promise<Page> {
  const opened = page();
  opened.server.rows = rows;
  opened.source.subscribe(() => undefined);
  await opened.clock.pass(100);
  opened.server.asked();
  return opened;
}
