/** Reads sessions that have changed: a few one by one, many as the list of live ones. */

import { type Call, Refused, SESSION } from "../api/client";
import type { Problem } from "../model/types";
import type { Sessions } from "./sessions";

/** More changed sessions than these at once are read as a list. */
const ONE_BY_ONE = 10;
/** The job that reads one session begins so. */
const ONE = "session:";
const LIST = "sessions";

export interface SessionJobsOptions {
  readonly sessions: Sessions;
  readonly call: Call;
  /** Runs a job soon. */
  soon(job: string): void;
  attempt<T>(read: () => Promise<T>): Promise<T | Refused>;
  /** Takes in a session that the server has just told. */
  put(json: unknown): void;
  publish(): void;
  /** A session was read alone, or could not be. */
  found(id: string, problem: Problem | null): void;
}

export interface SessionJobs {
  changed(id: string): void;
  /** Reads how sessions ended that are live no more. */
  ended(ids: readonly string[]): void;
  readOne(id: string): Promise<void>;
  /** @returns which job does the work of each, given all that are due. */
  instead(due: readonly string[]): (job: string) => string;
  /** @returns whether it is a job of these. */
  work(job: string): Promise<boolean>;
}

export function makeSessionJobs(options: SessionJobsOptions): SessionJobs {
  const { sessions, call, attempt, soon } = options;
  const { live } = sessions;
  /** The ids of those that the list is read for. */
  const merged: string[] = [];

  const ended = (ids: readonly string[]): void => {
    if (ids.length > ONE_BY_ONE) {
      soon("ended");
    } else {
      ids.forEach((id) => soon(ONE + id));
    }
  };

  const readOne = async (id: string): Promise<void> => {
    const json = await attempt(() => call("GET", SESSION, { path: { session: id } }));
    const problem = json instanceof Refused ? json.problem : null;
    if (!problem) {
      options.put(json);
    } else if (problem.code === "NOT_FOUND") {
      sessions.remove(id);
      options.publish();
    }
    options.found(id, problem);
  };

  const readList = async (): Promise<void> => {
    const asked = merged.splice(0);
    const vanished = await attempt(live.reload);
    if (!(vanished instanceof Refused)) {
      options.publish();
      const gone = asked.filter((id) => live.get(id) === undefined);
      ended([...new Set([...gone, ...vanished.map(({ id }) => id)])]);
    }
  };

  return {
    changed: (id) => soon(ONE + id),
    ended,
    readOne,
    instead(due) {
      const ones = due.filter((job) => job.startsWith(ONE));
      if (ones.length <= ONE_BY_ONE) {
        return (job) => job;
      }
      merged.push(...ones.map((job) => job.slice(ONE.length)));
      return (job) => (job.startsWith(ONE) ? LIST : job);
    },
    async work(job) {
      if (job === LIST) {
        await readList();
      } else if (job.startsWith(ONE)) {
        await readOne(job.slice(ONE.length));
      } else {
        return false;
      }
      return true;
    },
  };
}
