/** What one may do with a session, and what happens in it. */

import type { Translate } from "../strings";
import { isOver } from "./countdown";
import type { Snapshot } from "./snapshot";
import { nextSecond, SECOND, stopwatch } from "./times";
import type { Config, Me, Query, Session } from "./types";

const KEEP_SECONDS = [1800, 7200, 28800] as const;
/** A query that is over sooner is not worth a word: the text would flicker. */
const RUNS_AFTER = 1 * SECOND;

/** For how many seconds it can be kept from now on: only what ends after its present end, and within the limit. */
export function keepChoices(session: Session, me: Me | null, now: number): readonly number[] {
  const limit = me?.limits?.extension ?? null;
  if (isOver(session) || session.timeoutAt === null || session.timeoutReason === "max_duration") {
    return [];
  }
  const left = (session.timeoutAt - now) / SECOND;
  const allowed = (seconds: number) => !limit || (seconds >= limit.floor && seconds <= limit.ceiling);
  const choices = KEEP_SECONDS.filter((seconds) => seconds > left && allowed(seconds));
  const most = limit?.ceiling ?? 0;
  return choices.length || most <= left ? choices : [most];
}

export interface Running {
  /** Empty while it runs for less than a second. */
  readonly text: string;
  /** Without its tasks, for narrow places. */
  readonly brief: string;
  /** The one that runs, when only one does. */
  readonly query: Query | null;
  readonly changesAt: number;
}

/** What runs in it, told from one second on. */
export function running(t: Translate, snapshot: Snapshot, session: Session, now: number): Running | null {
  const loaded = snapshot.queries[session.id];
  const runs = (loaded?.items ?? []).filter((query) => query.outcome === "running");
  const first = runs[0];
  if (!loaded || !first || isOver(session)) {
    return null;
  }
  const began = Math.min(...runs.map((query) => loaded.asOf - query.seconds * SECOND));
  if (now - began < RUNS_AFTER) {
    return { text: "", brief: "", query: first, changesAt: began + RUNS_AFTER };
  }
  const changesAt = nextSecond(began, now);
  if (runs.length > 1) {
    const text = t("queriesRun", { count: runs.length });
    return { text, brief: text, query: null, changesAt };
  }
  const number = numberOf(first, loaded.items ?? [], loaded.total);
  const query = number === null ? t("aQuery") : t("queryNumber", { number });
  const time = stopwatch(now - began);
  const brief = t("runs", { query, time });
  const text = first.tasks ? t("runsTasks", { query, time, ...first.tasks }) : brief;
  return { text, brief, query: first, changesAt };
}

/** Its place among all queries of the session, from 1; `null` where the first ones are not known. */
function numberOf(query: Query, items: readonly Query[], total: number | null): number | null {
  const later = items.filter((one) => one.startedAt > query.startedAt).length;
  return total === null ? null : total - later;
}

/** The config of a session, when the caller may change it. */
export function editableConfig(snapshot: Snapshot, session: Session): Config | null {
  const config = snapshot.configs.items?.find((one) => one.id === session.configId) ?? null;
  const { me } = snapshot;
  const may = me && (me.organizationAdmin || (config?.teamId != null && me.adminOf.includes(config.teamId)));
  return config && may ? config : null;
}

/** Whether a config gives more memory than the session had. */
export function hasLarger(snapshot: Snapshot, session: Session): boolean {
  const had = session.size?.memoryBytes;
  return had !== undefined && (snapshot.configs.items ?? []).some((config) => (config.size?.memoryBytes ?? 0) > had);
}

/** The caller's live sessions, the newest first. */
export function ownLive(snapshot: Snapshot): readonly Session[] {
  return (snapshot.sessions.items ?? []).filter((session) => session.mine && !isOver(session));
}

/** Those of them that a notebook can connect to. One of marimo serves its own page. */
export function ownUsable(snapshot: Snapshot): readonly Session[] {
  return ownLive(snapshot).filter(({ marimo }) => marimo === null);
}

/** How long a start of this session usually takes, in seconds. */
export function usualStart(snapshot: Snapshot, session: Session): number | null {
  const estimates = session.kernelId === null ? null : snapshot.estimates[session.kernelId]?.items;
  return estimates?.find((one) => one.configId === session.configId)?.medianSeconds ?? null;
}

/** How many libraries its config adds, as far as the page knows it. */
export function libraryCount(snapshot: Snapshot, session: Session): number {
  return snapshot.configs.items?.find((one) => one.id === session.configId)?.libraries.length ?? 0;
}

/** The line of Python that uses the session elsewhere. */
export function pythonLine(session: Session): string {
  return `spark = lakesail_notebook.connect(attach=${JSON.stringify(session.id)})`;
}
