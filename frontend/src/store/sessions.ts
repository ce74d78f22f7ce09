/** The sessions that a page knows: the live ones, and those that have ended. */

import { readId, readSession, withEarlier } from "../api/reading_sessions";
import { type Loaded, nothingLoaded, type Snapshot } from "../model/snapshot";
import type { Session } from "../model/types";
import { type FetchPage, makeSessionList, type SessionList } from "./session_list";

export interface Sessions {
  readonly live: SessionList;
  readonly ended: SessionList;
  /** Takes in a session that the server has just told. */
  put(json: unknown, callerId: string | null): void;
  remove(id: string): void;
  /** A workload has changed.

      @returns its live sessions. */
  workload(id: string, ready: boolean): readonly Session[];
  shown(before: Snapshot, asOf: number): Pick<Snapshot, "sessions" | "ended">;
}

export function makeSessions(fetchPage: FetchPage): Sessions {
  const live = makeSessionList(["pending", "active", "idle"], false, fetchPage);
  const ended = makeSessionList(["closed", "failed"], true, fetchPage);
  /** A session that is told alone does not say whether its workload is ready, if it is somebody else's. */
  const readyWorkloads = new Set<string>();

  const listed = (list: SessionList, before: Loaded<Session> | null, asOf: number): Loaded<Session> => ({
    items: list.items(),
    problem: before?.problem ?? null,
    asOf,
    total: list.total(),
  });

  const remove = (id: string): void => {
    live.remove(id);
    ended.remove(id);
  };

  return {
    live,
    ended,
    remove,
    put(json, callerId) {
      const told = readSession(json, callerId);
      if (!told) {
        // A status that this page does not know: no list has such a session.
        remove(readId(json));
      } else {
        const { id, status } = told;
        const wasLive = live.get(id);
        const session = withEarlier(told, wasLive ?? ended.get(id));
        const isOver = status === "closed" || status === "failed";
        const ready = session.ready || (status === "pending" && readyWorkloads.has(session.workloadId ?? ""));
        (isOver ? live : ended).remove(id);
        (isOver ? ended : live).put({ ...session, ready }, isOver && wasLive !== undefined);
      }
    },
    workload(id, ready) {
      readyWorkloads[ready ? "add" : "delete"](id);
      return live.items().filter(({ workloadId }) => workloadId === id);
    },
    shown: (before, asOf) => ({
      sessions: live.read() ? listed(live, before.sessions, asOf) : nothingLoaded,
      ended: ended.read() || ended.items().length ? listed(ended, before.ended, asOf) : before.ended,
    }),
  };
}
