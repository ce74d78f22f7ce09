/** Does what people ask for: by REST what the API can do, by the host of the page what only it can. The state of each
    act stands in the snapshot by the thing that it is about. */

import { type Client, problemFrom, Refused } from "../api/client";
import { readConfig } from "../api/reading";
import { type Act, subjectOf } from "../model/acts";
import type { ActState } from "../model/snapshot";
import type { Config, Problem } from "../model/types";
import type { PageSource } from "./page_source";
import type { Clock } from "./surroundings";

type ActName = Act["act"];
type Of<Name extends ActName> = Extract<Act, { act: Name }>;
type RestName =
  "close" | "closeMany" | "keep" | "interrupt" | "relaunch" | "saveConfig" | "deleteConfig" | "retry" | "dismiss";

/** What only JupyterLab, or another page around the elements, can do. */
export type HostAct = Of<Exclude<ActName, RestName>>;

export interface Host {
  /** @returns when it is done, if that takes a while.
      @throws Refused or any other error when it cannot be done. */
  perform(act: HostAct): Promise<void> | void;
}

const DONE_IS_SHOWN = 2000;
const AT_ONCE = 4;

const CONFIGS = "/workloads/compute-configs";
const CONFIG = "/workloads/compute-configs/{workloadConfig}";
const SESSION = "/workloads/sessions/{session}";

export class Acts {
  constructor(
    private readonly source: PageSource,
    private readonly client: Client,
    private readonly clock: Clock,
    private readonly host: Host,
  ) {}

  /** @returns when it is done or has failed; how it went stands in the snapshot. */
  async perform(act: Act): Promise<void> {
    const subject = subjectOf(act);
    if (act.act === "retry") {
      this.source.retry();
    } else if (act.act === "dismiss") {
      this.set(act.subject, null);
    } else if (subject === "page") {
      await this.host.perform(act as HostAct);
    } else if (this.source.snapshot.acts[subject]?.phase !== "running") {
      await this.tracked(act, subject);
    }
  }

  private async tracked(act: Act, subject: string): Promise<void> {
    const since = this.source.serverNow();
    const state: ActState = { act, phase: "running", since, problem: null, failures: {} };
    this.set(subject, state);
    try {
      const failures = act.act === "closeMany" ? await this.closeMany(act) : await this.run(act);
      const problem = failures ? (Object.values(failures)[0] ?? null) : null;
      this.finish(subject, { ...state, phase: problem ? "failed" : "done", problem, failures: failures ?? {} });
    } catch (error) {
      this.finish(subject, { ...state, phase: "failed", problem: problemOf(error) });
    }
  }

  private finish(subject: string, state: ActState): void {
    this.set(subject, state);
    if (state.problem?.code === "UNAUTHENTICATED") {
      void this.source.ask(() => Promise.reject(new Refused(state.problem as Problem)));
    }
    if (state.phase === "done") {
      this.clock.after(DONE_IS_SHOWN, () => {
        if (this.source.snapshot.acts[subject] === state) {
          this.set(subject, null);
        }
      });
    }
  }

  private async run(act: Act): Promise<null> {
    switch (act.act) {
      case "close":
        await this.close(act.sessionId, act.reason);
        await this.source.soon.ask(`session:${act.sessionId}`);
        break;
      case "keep": {
        const body = { durationSeconds: act.seconds };
        const path = { session: act.sessionId };
        this.source.put(await this.client.call("POST", `${SESSION}/extend`, { path, body }));
        break;
      }
      case "interrupt": {
        const body = act.queryId === undefined ? {} : { queryId: act.queryId };
        const path = { session: act.sessionId };
        await this.client.call("POST", `${SESSION}/interrupt`, { path, body });
        void this.source.soon.ask(`queries:${act.sessionId}`);
        break;
      }
      case "relaunch":
        await this.relaunch(act.sessionId);
        break;
      case "saveConfig":
        await this.saveConfig(act);
        break;
      case "deleteConfig":
        await this.client.call("DELETE", CONFIG, { path: { workloadConfig: act.configId } });
        this.source.putConfigs((configs) => configs.filter((config) => config.id !== act.configId));
        break;
      default:
        await this.host.perform(act as HostAct);
    }
    return null;
  }

  private async close(session: string, reason?: string): Promise<void> {
    if (this.source.has("close_reason")) {
      await this.client.call("POST", `${SESSION}/close`, { path: { session }, body: reason ? { reason } : {} });
    } else {
      await this.client.call("DELETE", SESSION, { path: { session } });
    }
  }

  /** A live session is closed before. */
  private async relaunch(session: string): Promise<void> {
    const live = this.source.live.get(session) !== undefined;
    if (live) {
      await this.close(session);
    }
    const made = await this.client.call("POST", `${SESSION}/relaunch`, { path: { session }, body: {} });
    this.source.put(made);
    if (live) {
      await this.source.soon.ask(`session:${session}`);
    }
  }

  private async closeMany(act: Of<"closeMany">): Promise<Record<string, Problem>> {
    const failures: Record<string, Problem> = {};
    const left = [...act.sessionIds];
    const looked: Promise<void>[] = [];
    const work = async (): Promise<void> => {
      for (let id = left.shift(); id !== undefined; id = left.shift()) {
        try {
          await this.close(id, act.reason);
          looked.push(this.source.soon.ask(`session:${id}`));
        } catch (error) {
          failures[id] = problemFrom(error);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    await Promise.all(looked);
    return failures;
  }

  private async saveConfig(act: Of<"saveConfig">): Promise<void> {
    const { body, configId } = act;
    const json =
      configId === null
        ? await this.client.call("POST", CONFIGS, { body })
        : await this.client.call("PATCH", CONFIG, { path: { workloadConfig: configId }, body });
    const saved = readConfig(json);
    if (saved) {
      this.source.putConfigs((configs) => withConfig(configs, saved));
    }
  }

  private set(subject: string, state: ActState | null): void {
    const { [subject]: _, ...others } = this.source.snapshot.acts;
    this.source.update({ acts: state ? { ...others, [subject]: state } : others });
  }
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
