/** Sessions of some statuses, read page by page, and kept current one by one between the readings. */

import type { SessionPage } from "../api/reading_sessions";
import type { Session, SessionStatus } from "../model/types";
import { makeReadings } from "./readings";

export type FetchPage = (status: SessionStatus, marker: string | null) => Promise<SessionPage>;

export interface SessionList {
  /** Whether it was read once. */
  read(): boolean;
  /** Whether the server has more pages. */
  more(): boolean;
  /** Newest first. */
  items(): readonly Session[];
  total(): number | null;
  get(id: string): Session | undefined;
  /** Reads again as many pages as before.

      @returns the sessions that are not there any more. */
  reload(): Promise<readonly Session[]>;
  /** Reads the next page of the status whose sessions are the newest of those that are missing. */
  readMore(): Promise<void>;
  /** @param isNew whether the server had it in none of these lists when they were read. */
  put(session: Session, isNew: boolean): void;
  remove(id: string): void;
}

/** How far the list of one status was read. */
interface Part {
  readonly status: SessionStatus;
  readonly pages: number;
  readonly marker: string | null;
  readonly total: number | null;
  /** When the last session that was read was made; all older ones may be missing. */
  readonly oldest: number;
}

/** @param keeps whether sessions that a new reading does not have stay. */
export function makeSessionList(statuses: readonly SessionStatus[], keeps: boolean, fetchPage: FetchPage): SessionList {
  let sessions = new Map<string, Session>();
  let parts: readonly Part[] = [];
  /** How many the server has beyond those that are here; `null`: not known. */
  let beyond: number | null = null;
  const readings = makeReadings();

  /** The part whose next page comes first. */
  const next = (): Part | undefined =>
    parts.filter(({ marker }) => marker !== null).sort((one, other) => other.oldest - one.oldest)[0];

  /** Reads one page more of a part. */
  const readPage = async (part: Part): Promise<readonly [Part, readonly Session[]]> => {
    const page = await fetchPage(part.status, part.marker);
    const after: Part = {
      status: part.status,
      pages: part.pages + 1,
      marker: page.sessions.length ? page.marker : null,
      total: page.total,
      oldest: page.sessions.at(-1)?.createdAt ?? part.oldest,
    };
    return [after, page.sessions];
  };

  const readPart = async (status: SessionStatus): Promise<readonly [Part, readonly Session[]]> => {
    const wanted = parts.find((part) => part.status === status)?.pages ?? 1;
    const found: Session[] = [];
    let part: Part = { status, pages: 0, marker: null, total: null, oldest: Infinity };
    do {
      const [after, more] = await readPage(part);
      found.push(...more);
      part = after;
    } while (part.marker !== null && part.pages < wanted);
    return [part, found];
  };

  /** @param kept the sessions that stay. */
  const take = (kept: Map<string, Session>, read: readonly Part[], found: readonly Session[]): void => {
    sessions = new Map([...kept, ...found.map((session) => [session.id, session] as const)]);
    parts = read;
    const total = parts.reduce<number | null>(
      (sum, part) => (sum === null || part.total === null ? null : sum + part.total),
      0,
    );
    beyond = next() ? total && Math.max(0, total - sessions.size) : 0;
  };

  return {
    read: () => parts.length > 0,
    more: () => next() !== undefined,
    items: () =>
      [...sessions.values()].sort((one, other) => other.createdAt - one.createdAt || (one.id < other.id ? 1 : -1)),
    total: () => (beyond === null ? null : sessions.size + beyond),
    get: (id) => sessions.get(id),
    async reload() {
      let before: readonly Session[] = [];
      await readings.anew(
        () => Promise.all(statuses.map(readPart)),
        (read) => {
          before = [...sessions.values()];
          take(
            keeps ? sessions : new Map(),
            read.map(([part]) => part),
            read.flatMap(([, found]) => found),
          );
        },
      );
      return before.filter(({ id }) => !sessions.has(id));
    },
    async readMore() {
      const part = next();
      if (part) {
        await readings.more(
          () => readPage(part),
          ([after, found]) =>
            take(
              sessions,
              parts.map((one) => (one.status === part.status ? after : one)),
              found,
            ),
        );
      }
    },
    put: (session, isNew) =>
      readings.change(() => {
        if (!isNew && !sessions.has(session.id) && beyond && session.createdAt < (next()?.oldest ?? 0)) {
          beyond--;
        }
        sessions.set(session.id, session);
      }),
    remove: (id) => readings.change(() => sessions.delete(id)),
  };
}
