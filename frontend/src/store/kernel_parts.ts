/** What a kernel tells its panels, read as a snapshot. The kernel sends parts by name; what it has read from the API
    stands in them as the API tells it. */

import { Fields } from "../api/fields";
import { readConfigs, readEstimates, readInstanceTypes, readLog, readMe, readQueries } from "../api/reading";
import { readPage } from "../api/reading_sessions";
import type { ActState, Link, Loaded, Snapshot, Topic } from "../model/snapshot";
import type { Notebook, Problem, Session } from "../model/types";

export type Parts = Readonly<Record<string, unknown>>;

const LINKS: readonly Link[] = ["loading", "live", "stale", "loggedOut", "absent", "refused", "frozen"];
const PHASES = ["running", "failed", "done"] as const;
const OVER: readonly string[] = ["closed", "failed"];

/** @param skewMs the kernel's clock minus this machine's; the kernel's stands for the server's. */
export function snapshotOf(parts: Parts, skewMs: number): Snapshot {
  const link = new Fields<LinkPart>(parts["link"]);
  const me = parts["me"] ? readMe(parts["me"]) : null;
  const sessions = loaded(parts["sessions"], (json) =>
    readPage(json, me?.id ?? null).sessions.map((session) => ofThisKernel(session, parts)),
  );
  const more = parts["ended"] ? loaded(parts["ended"], (json) => readPage(json, me?.id ?? null).sessions) : null;
  return {
    link: link.word("link", LINKS) ?? "loading",
    problem: readProblem(link.object("problem")),
    asOf: link.number("asOf") ?? 0,
    skewMs,
    retryAt: link.number("retryAt"),
    me,
    sessions: only(sessions, false),
    configs: loaded(parts["configs"], (json) => readConfigs(json).configs),
    ended: endedOf(only(sessions, true), more),
    instanceTypes: parts["instanceTypes"] ? loaded(parts["instanceTypes"], readInstanceTypes) : null,
    estimates: byTopic(parts, "estimates", readEstimates),
    queries: byTopic(parts, "queries", readQueries),
    logs: byTopic(parts, "log", readLog),
    acts: readActs(parts["acts"]),
  };
}

interface LinkPart {
  link: unknown;
  problem: unknown;
  asOf: unknown;
  retryAt: unknown;
}

interface LoadedPart {
  answer: unknown;
  problem: unknown;
  asOf: unknown;
  total: unknown;
}

/** The notebook of the kernel, as a host would tell it.

    @param gone whether the kernel answers no more. */
export function notebookOf(parts: Parts, gone: boolean): Notebook {
  const me = new Fields<{ notebookPath: unknown }>(parts["me"]);
  const path = me.text("notebookPath") ?? "";
  const connecting = new Fields<{ connecting: unknown }>(parts["connecting"]);
  const told = new Fields<{ known: unknown; tempViews: unknown }>(parts["notebook"]);
  return {
    path,
    name: (path.split("/").pop() ?? "").replace(/\.[^.]+$/, ""),
    kernel: {
      id: kernelIdOf(parts),
      name: "Python",
      state: gone ? "gone" : "idle",
      fit: "fits",
      tempViews: told.flag("known") ? told.strings("tempViews") : null,
    },
    remembered: null,
    connecting: connecting.word("connecting", ["no", "connecting", "waiting"]) ?? "no",
  };
}

/** A kernel that no Jupyter server has started has no id; elements need one to find its session. */
function kernelIdOf(parts: Parts): string {
  return new Fields<{ kernelId: unknown }>(parts["me"]).text("kernelId") ?? "this kernel";
}

/** The kernel knows best which session it uses. */
function ofThisKernel(session: Session, parts: Parts): Session {
  const here = new Fields<{ sessionId: unknown }>(parts["notebook"]).text("sessionId");
  return session.id === here ? { ...session, usedBy: [kernelIdOf(parts)] } : session;
}

/** Sentences of the last connect that people are to read. */
export function notesOf(parts: Parts): readonly string[] {
  return new Fields<{ notes: unknown }>(parts["notes"]).strings("notes");
}

/** The topics that a kernel loads; it needs no telling to read whole lists, or a session that an event names. */
export function isOfKernel(topic: Topic): boolean {
  return topic.topic !== "more";
}

function loaded<T>(part: unknown, read: (json: unknown) => readonly T[]): Loaded<T> {
  const fields = new Fields<LoadedPart>(part);
  const answer = fields.object("answer");
  return {
    items: answer && read(answer),
    problem: readProblem(fields.object("problem")),
    asOf: fields.number("asOf") ?? 0,
    total: fields.number("total"),
  };
}

function only(sessions: Loaded<Session>, over: boolean): Loaded<Session> {
  const items = sessions.items?.filter(({ status }) => OVER.includes(status) === over) ?? null;
  return { ...sessions, items, total: items?.length ?? null };
}

/** Those that ended while the page looked on, with the latest that somebody asked to see. */
function endedOf(here: Loaded<Session>, more: Loaded<Session> | null): Loaded<Session> | null {
  if (!more) {
    return here.items?.length ? { ...here, total: null } : null;
  }
  const items = new Map([...(here.items ?? []), ...(more.items ?? [])].map((one) => [one.id, one]));
  return { ...more, items: more.items && [...items.values()] };
}

function byTopic<T>(parts: Parts, topic: string, read: (json: unknown) => readonly T[]): Record<string, Loaded<T>> {
  const mine = Object.entries(parts).filter(([name, part]) => name.startsWith(`${topic}:`) && part);
  return Object.fromEntries(mine.map(([name, part]) => [name.slice(topic.length + 1), loaded(part, read)]));
}

function readActs(part: unknown): Record<string, ActState> {
  const states = Object.entries(new Fields<{ acts: unknown }>({ acts: part }).object("acts") ?? {});
  return Object.fromEntries(states.flatMap(([subject, json]) => entry(subject, readAct(json))));
}

function entry(subject: string, state: ActState | null): readonly (readonly [string, ActState])[] {
  return state ? [[subject, state]] : [];
}

function readAct(json: unknown): ActState | null {
  const state = new Fields<{ act: unknown; phase: unknown; since: unknown; problem: unknown; failures: unknown }>(json);
  const [act, phase] = [state.object("act"), state.word("phase", PHASES)];
  if (!act || !phase) {
    return null;
  }
  const failures = Object.entries(state.object("failures") ?? {}).map(([id, problem]) => [id, readProblem(problem)]);
  return {
    // The kernel returns it as this page sent it, or another page of the same version.
    act: act as unknown as ActState["act"],
    phase,
    since: state.number("since") ?? 0,
    problem: readProblem(state.object("problem")),
    failures: Object.fromEntries(failures.filter(([, problem]) => problem)) as Record<string, Problem>,
  };
}

function readProblem(json: unknown): Problem | null {
  const problem = new Fields<Record<keyof Problem, unknown>>(json);
  const { code, message, reason, requestId } = problem.texts("code", "message", "reason", "requestId");
  const { status, retryAt } = problem.numbers("status", "retryAt");
  const errors = problem.list("errors").flatMap((json) => {
    const { pointer, message } = new Fields<Problem["errors"][number]>(json).texts("pointer", "message");
    return pointer === null || message === null ? [] : [{ pointer, message }];
  });
  return code === null || message === null ? null : { code, message, reason, requestId, status, retryAt, errors };
}
