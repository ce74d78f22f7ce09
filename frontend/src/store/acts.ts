/** Does what people ask for: by REST what the API can do, by the host of the page what only it can. The state of each
    act stands in the snapshot by the thing that it is about. */

import { CONFIG, CONFIGS, makeClient, problemFrom, Refused, type Requester, SESSION } from "../api/client";
import { readConfig } from "../api/reading";
import { readId } from "../api/reading_sessions";
import { type Act, subjectOf } from "../model/acts";
import type { ActState } from "../model/snapshot";
import type { Config, Problem } from "../model/types";
import { serveByMarimo } from "./marimo_sessions";
import type { PageSource } from "./page_source";
import type { Clock } from "./surroundings";

type ActName = Act["act"];
type Of<Name extends ActName> = Extract<Act, { act: Name }>;
type RestName =
  | "close"
  | "closeMany"
  | "keep"
  | "interrupt"
  | "relaunch"
  | "startMarimo"
  | "saveConfig"
  | "deleteConfig"
  | "retry"
  | "dismiss";

/** What only JupyterLab, or another page around the elements, can do. */
export type HostAct = Of<Exclude<ActName, RestName>>;

export interface Host {
  /** @returns when it is done, if that takes a while.
      @throws Refused or any other error when it cannot be done. */
  perform(act: HostAct): Promise<void> | void;
}

const DONE_IS_SHOWN = 2000;
/** An engine may take a while to obey, and the page says for how long it was asked. */
const INTERRUPT_IS_SHOWN = 60_000;
const AT_ONCE = 4;

export interface ActsOptions {
  readonly source: PageSource;
  readonly requester: Requester;
  readonly clock: Clock;
  readonly host: Host;
}

/** @returns what does an act; the promise ends when it is done or has failed, and how it went stands in the snapshot. */
export function makeActs({ source, requester, clock, host }: ActsOptions): (act: Act) => Promise<void> {
  const { serverNow, soon } = source;
  const call = makeClient({ requester, serverNow });

  const set = (subject: string, state: ActState | null): void => {
    const { [subject]: _, ...others } = source.snapshot.acts;
    source.update({ acts: state ? { ...others, [subject]: state } : others });
  };

  const close = (session: string, reason?: string): Promise<unknown> =>
    source.has("close_reason")
      ? call("POST", `${SESSION}/close`, { path: { session }, body: reason ? { reason } : {} })
      : call("DELETE", SESSION, { path: { session } });

  const closeMany = async ({ sessionIds, reason }: Of<"closeMany">): Promise<Record<string, Problem>> => {
    const failures: Record<string, Problem> = {};
    const left = [...sessionIds];
    const looks: Promise<void>[] = [];
    const work = async (): Promise<void> => {
      for (let id = left.shift(); id !== undefined; id = left.shift()) {
        try {
          await close(id, reason);
          looks.push(soon(`session:${id}`));
        } catch (error) {
          failures[id] = problemFrom(error);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    await Promise.all(looks);
    return failures;
  };

  /** A live session is closed before.

      @returns the id of the new session. */
  const relaunch = async (session: string): Promise<string> => {
    const closes = source.isLive(session);
    if (closes) {
      await close(session);
    }
    const made = await call("POST", `${SESSION}/relaunch`, { path: { session }, body: {} });
    source.put(made);
    if (closes) {
      await soon(`session:${session}`);
    }
    return readId(made);
  };

  const saveConfig = async ({ body, configId }: Of<"saveConfig">): Promise<void> => {
    const saved = readConfig(
      configId === null
        ? await call("POST", CONFIGS, { body })
        : await call("PATCH", CONFIG, { path: { workloadConfig: configId }, body }),
    );
    if (saved) {
      source.putConfigs((configs) => withConfig(configs, saved));
    }
  };

  /** @returns what there is to say of the act beside that it is done. */
  const run = async (act: Act): Promise<Partial<Pick<ActState, "failures" | "made">>> => {
    switch (act.act) {
      case "close":
        await close(act.sessionId, act.reason);
        await soon(`session:${act.sessionId}`);
        break;
      case "closeMany":
        return { failures: await closeMany(act) };
      case "keep": {
        const body = { durationSeconds: act.seconds };
        source.put(await call("POST", `${SESSION}/extend`, { path: { session: act.sessionId }, body }));
        break;
      }
      case "interrupt": {
        const body = act.queryId === undefined ? {} : { queryId: act.queryId };
        await call("POST", `${SESSION}/interrupt`, { path: { session: act.sessionId }, body });
        void soon(`queries:${act.sessionId}`);
        break;
      }
      case "relaunch":
        return { made: await relaunch(act.sessionId) };
      case "startMarimo":
        return { made: await serveByMarimo(act, { call, source }) };
      case "saveConfig":
        await saveConfig(act);
        break;
      case "deleteConfig":
        await call("DELETE", CONFIG, { path: { workloadConfig: act.configId } });
        source.putConfigs((configs) => configs.filter(({ id }) => id !== act.configId));
        break;
      default:
        await host.perform(act as HostAct);
    }
    return {};
  };

  /** @param before the state that the act had, unless another act about the same thing has taken its place. */
  const finish = (subject: string, before: ActState | undefined, state: ActState): void => {
    if (source.snapshot.acts[subject] === before) {
      set(subject, state);
    }
    if (state.phase === "done") {
      forgetLater(subject, state);
    } else if (state.problem?.code === "UNAUTHENTICATED") {
      source.failed(new Refused(state.problem));
    }
  };

  /** What a relaunch has lost stays to be read until somebody dismisses it. */
  const forgetLater = (subject: string, state: ActState): void => {
    if (state.act.act !== "relaunch") {
      clock.after(state.act.act === "interrupt" ? INTERRUPT_IS_SHOWN : DONE_IS_SHOWN, () => {
        if (source.snapshot.acts[subject] === state) {
          set(subject, null);
        }
      });
    }
  };

  const begun = (act: Act): ActState => ({ act, phase: "running", since: serverNow(), problem: null, failures: {} });

  const track = async (act: Act, subject: string): Promise<void> => {
    const state = begun(act);
    set(subject, state);
    try {
      const said = await run(act);
      const [problem = null] = Object.values(said.failures ?? {});
      finish(subject, state, { ...state, ...said, phase: problem ? "failed" : "done", problem });
    } catch (error) {
      finish(subject, state, { ...state, phase: "failed", problem: problemOf(error) });
    }
  };

  /** Whether the same is under way already; something else about the same thing is not. */
  const isUnderWay = (act: Act, subject: string): boolean => {
    const state = source.snapshot.acts[subject];
    return state?.phase === "running" && JSON.stringify(state.act) === JSON.stringify(act);
  };

  return async (act) => {
    const subject = subjectOf(act);
    if (act.act === "retry") {
      source.retry();
    } else if (act.act === "dismiss") {
      set(act.subject, null);
    } else if (subject === "page") {
      try {
        await host.perform(act as HostAct);
      } catch (error) {
        const before = source.snapshot.acts[subject];
        finish(subject, before, { ...begun(act), phase: "failed", problem: problemOf(error) });
      }
    } else if (!isUnderWay(act, subject)) {
      await track(act, subject);
    }
  };
}

/** A new config stands first, a changed one where it stood. */
function withConfig(configs: readonly Config[], saved: Config): readonly Config[] {
  return configs.some((config) => config.id === saved.id)
    ? configs.map((config) => (config.id === saved.id ? saved : config))
    : [saved, ...configs];
}

/** A host may fail in ways of its own; its words are then the message. */
function problemOf(error: unknown): Problem {
  const problem = problemFrom(error);
  return error instanceof Error && !(error instanceof Refused)
    ? { ...problem, code: "HOST", message: error.message }
    : problem;
}
