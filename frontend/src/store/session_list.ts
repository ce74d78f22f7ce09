/** Sessions of some statuses, read page by page, and kept current one by one between the readings. */

import type { SessionPage } from "../api/reading_sessions";
import type { Session, SessionStatus } from "../model/types";

export type FetchPage = (status: SessionStatus, marker: string | null) => Promise<SessionPage>;

/** How far the list of one status was read. */
interface Part {
  readonly pages: number;
  readonly marker: string | null;
  readonly total: number | null;
  /** When the last session that was read was made; all older ones may be missing. */
  readonly oldest: number;
}

export class SessionList {
  private sessions = new Map<string, Session>();
  private readonly parts = new Map<SessionStatus, Part>();
  /** How many the server has beyond those that are here; `null`: not known. */
  private beyond: number | null = null;
  /** What changed while a reading was under way, which may be older than that. */
  private changes: (() => void)[] = [];
  private readings = 0;

  /** @param keeps whether sessions that a new reading does not have stay. */
  constructor(
    private readonly statuses: readonly SessionStatus[],
    private readonly keeps: boolean,
    private readonly fetchPage: FetchPage,
  ) {}

  /** Whether it was read once. */
  get read(): boolean {
    return this.parts.size > 0;
  }

  /** Whether the server has more pages. */
  get more(): boolean {
    return this.next() !== null;
  }

  /** Newest first. */
  get items(): readonly Session[] {
    return [...this.sessions.values()].sort(
      (one, other) => other.createdAt - one.createdAt || (one.id < other.id ? 1 : -1),
    );
  }

  get total(): number | null {
    return this.beyond === null ? null : this.sessions.size + this.beyond;
  }

  get(id: string): Session | undefined {
    return this.sessions.get(id);
  }

  /** Reads again as many pages as before.

      @returns the sessions that are not there any more. */
  async reload(): Promise<readonly Session[]> {
    return this.whileReading(async () => {
      const read = await Promise.all(this.statuses.map((status) => this.pagesOf(status)));
      const before = this.sessions;
      this.sessions = new Map(this.keeps ? before : []);
      for (const sessions of read) {
        this.add(sessions);
      }
      return () => [...before.values()].filter((session) => !this.sessions.has(session.id));
    });
  }

  /** Reads the next page of the list whose sessions are the newest of those that are missing. */
  async readMore(): Promise<void> {
    const status = this.next();
    const part = status && this.parts.get(status);
    if (!part) {
      return;
    }
    await this.whileReading(async () => {
      const page = await this.fetchPage(status, part.marker);
      this.add(page.sessions);
      this.parts.set(status, partAfter(part, page));
      return () => undefined;
    });
  }

  /** @param isNew whether the server had it in none of these lists when they were read. */
  put(session: Session, isNew: boolean): void {
    this.change(() => {
      if (!isNew && !this.sessions.has(session.id) && this.beyond && session.createdAt < this.frontier()) {
        this.beyond--;
      }
      this.sessions.set(session.id, session);
    });
  }

  remove(id: string): void {
    this.change(() => this.sessions.delete(id));
  }

  private change(run: () => void): void {
    run();
    if (this.readings) {
      this.changes.push(run);
    }
  }

  private async whileReading<T>(read: () => Promise<() => T>): Promise<T> {
    this.readings++;
    try {
      const finish = await read();
      const totals = [...this.parts.values()].map((part) => part.total);
      const total = totals.reduce<number | null>((sum, one) => (sum === null || one === null ? null : sum + one), 0);
      this.beyond = this.more ? total && Math.max(0, total - this.sessions.size) : 0;
      this.changes.forEach((again) => again());
      return finish();
    } finally {
      if (--this.readings === 0) {
        this.changes = [];
      }
    }
  }

  private async pagesOf(status: SessionStatus): Promise<readonly Session[]> {
    const wanted = this.parts.get(status)?.pages ?? 1;
    const found: Session[] = [];
    let part: Part = { pages: 0, marker: null, total: null, oldest: Infinity };
    do {
      const page = await this.fetchPage(status, part.marker);
      found.push(...page.sessions);
      part = partAfter(part, page);
    } while (part.marker !== null && part.pages < wanted);
    this.parts.set(status, part);
    return found;
  }

  private add(sessions: readonly Session[]): void {
    for (const session of sessions) {
      this.sessions.set(session.id, session);
    }
  }

  /** The status whose next page comes first. */
  private next(): SessionStatus | null {
    const open = [...this.parts].filter(([, part]) => part.marker !== null);
    return open.sort(([, one], [, other]) => other.oldest - one.oldest)[0]?.[0] ?? null;
  }

  /** All sessions made since then are here. */
  private frontier(): number {
    const status = this.next();
    return (status && this.parts.get(status)?.oldest) || 0;
  }
}

function partAfter(part: Part, page: SessionPage): Part {
  return {
    pages: part.pages + 1,
    marker: page.sessions.length ? page.marker : null,
    total: page.total,
    oldest: page.sessions.at(-1)?.createdAt ?? part.oldest,
  };
}
