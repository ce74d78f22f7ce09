/** What a notebook can connect to, in groups, and what each would take. */

import type { Key, Translate } from "../strings";
import type { ConnectChoice } from "./acts";
import { configFacts } from "./config_facts";
import { countdown } from "./countdown";
import { sessionOfNotebook } from "./notebook_session";
import { GIBIBYTE, money, sizeText } from "./sizes";
import type { Snapshot } from "./snapshot";
import { fileName, nameOf, stateOf, type Mark } from "./states";
import { ownUsable } from "./session_facts";
import { duration, MINUTE, SECOND } from "./times";
import type { Config, DurationLimit, Notebook, Session, Size, StartEstimate } from "./types";

export interface Entry {
  /** Unique in the picker. */
  readonly key: string;
  readonly name: string;
  /** Facts, to be joined by dots. */
  readonly details: readonly string[];
  /** What stands at the right: how long it takes, or when it ends. */
  readonly end: string;
  readonly warm: boolean;
  /** Of a session. */
  readonly mark: Mark | null;
  readonly choice: ConnectChoice;
  readonly config: Config | null;
  /** When its texts change by time alone. */
  readonly changesAt: number | null;
}

export interface Group {
  readonly label: Key;
  readonly entries: readonly Entry[];
}

/** From this many entries on, a filter stands above them. */
export const FILTER_FROM = 9;
/** A start that takes this long, in seconds, is worth the word `cold`. */
const COLD_FROM = 10;
/** What an engine that waits takes, in seconds: no more than the session has to be made. */
const WARM_SECONDS = 1;
/** From this factor on, a config is dearer than the author's. */
const DEARER_FROM = 1.5;

const IDLE_CHOICES = [300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400];
const LONGEST_CHOICES = [1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400, 172_800, 604_800];

export function pickerGroups(t: Translate, snapshot: Snapshot, notebook: Notebook | null, now: number): Group[] {
  const estimates = notebook?.kernel.id ? (snapshot.estimates[notebook.kernel.id]?.items ?? []) : [];
  const configs = byUse(snapshot);
  const remembered = configs.find(({ name }) => name === notebook?.remembered);
  const others = configs.filter((config) => config !== remembered);
  const entry = (config: Config) => configEntry(t, snapshot, config, estimates);
  const here = usedByKernel(snapshot, notebook);
  const sessions = ownUsable(snapshot).filter((session) => session !== here);
  const bare = configs.length === 0 || !snapshot.me?.defaultConfig ? [bareEntry(t, snapshot, estimates)] : [];
  const groups: Group[] = [
    { label: "lastUsedHere", entries: remembered ? [entry(remembered)] : [] },
    { label: "yourSessions", entries: sessions.map((session) => sessionEntry(t, snapshot, session, now)) },
    { label: "computeConfigs", entries: [...others.map(entry), ...bare] },
  ];
  return groups.filter(({ entries }) => entries.length);
}

/** The notebook's session, unless its kernel knows nothing of it yet. */
function usedByKernel(snapshot: Snapshot, notebook: Notebook | null): Session | null {
  const session = sessionOfNotebook(snapshot, notebook);
  const kernel = notebook?.kernel.id ?? null;
  const isUsed = kernel !== null && (session?.usedBy.includes(kernel) || session?.kernelId === kernel);
  return isUsed ? session : null;
}

/** The groups with what matches alone. */
export function filtered(groups: readonly Group[], filter: string): readonly Group[] {
  const wanted = filter.trim().toLowerCase();
  if (!wanted) {
    return groups;
  }
  const matches = ({ name, details }: Entry) => [name, ...details].join(" ").toLowerCase().includes(wanted);
  return groups
    .map(({ label, entries }) => ({ label, entries: entries.filter(matches) }))
    .filter(({ entries }) => entries.length);
}

/** The remembered config, else the server's default, else the first of all. */
export function usualEntry(groups: readonly Group[], snapshot: Snapshot): Entry | null {
  const remembered = groups.find(({ label }) => label === "lastUsedHere")?.entries[0];
  const all = groups.flatMap(({ entries }) => entries);
  const usual = all.find(({ config }) => config !== null && config.name === snapshot.me?.defaultConfig);
  return remembered ?? usual ?? all.find(({ choice }) => choice.sessionId === undefined) ?? all[0] ?? null;
}

export interface Dearer {
  readonly price: string;
  readonly times: string;
  readonly config: string;
}

/** How much dearer a config is than the one that the notebook remembers. */
export function dearer(snapshot: Snapshot, notebook: Notebook | null, chosen: Config | null): Dearer | null {
  const remembered = snapshot.configs.items?.find(({ name }) => name === notebook?.remembered);
  const [before, after] = [remembered?.price, chosen?.price];
  if (!remembered || !before || !after || before.currency !== after.currency || before.perHour <= 0) {
    return null;
  }
  const factor = after.perHour / before.perHour;
  const times = factor.toLocaleString(undefined, { maximumFractionDigits: factor < 10 ? 1 : 0 });
  const price = money(after.perHour, after.currency);
  return factor < DEARER_FROM ? null : { price, times, config: remembered.name };
}

export interface Duration {
  /** `null`: no limit. */
  readonly seconds: number | null;
  readonly text: string;
  readonly isDefault: boolean;
}

/** The values of `Idle after` and `Longest` that the server allows; its default is named. */
export function durationChoices(t: Translate, limit: DurationLimit, which: "idle" | "longest"): Duration[] {
  const usual = which === "idle" ? IDLE_CHOICES : LONGEST_CHOICES;
  const allowed = usual.filter((seconds) => seconds >= limit.floor && seconds <= limit.ceiling);
  const withDefault = limit.default === null ? allowed : [...new Set([...allowed, limit.default])];
  const sorted: (number | null)[] = withDefault.sort((one, other) => one - other);
  const all = limit.default === null ? [null, ...sorted] : sorted;
  return all.map((seconds) => {
    const value = seconds === null ? t("noLimit") : duration(t, seconds);
    const isDefault = seconds === limit.default;
    return { seconds, text: isDefault ? t("byDefault", { value }) : value, isDefault };
  });
}

function configEntry(t: Translate, snapshot: Snapshot, config: Config, estimates: readonly StartEstimate[]): Entry {
  const { end, warm } = startText(t, estimates, config.id);
  return {
    key: `config:${config.id}`,
    name: config.name,
    details: configDetails(t, snapshot, config),
    end,
    warm,
    mark: null,
    choice: { config: config.name },
    config,
    changesAt: null,
  };
}

/** A session without a config takes what the machine has. */
function bareEntry(t: Translate, snapshot: Snapshot, estimates: readonly StartEstimate[]): Entry {
  const machine = snapshot.me?.clusters.find((cluster) => cluster.machine)?.machine;
  const { end, warm } = startText(t, estimates, null);
  const details = [...(machine ? [sizeText(t, machine)] : []), t("anotherConfig")];
  return {
    key: "bare",
    name: t("thisMachine"),
    details,
    end,
    warm,
    mark: null,
    choice: { config: null },
    config: null,
    changesAt: null,
  };
}

function sessionEntry(t: Translate, snapshot: Snapshot, session: Session, now: number): Entry {
  const end = countdown(t, session, now);
  const left = end === null ? "" : end.soon ? end.short : t("timeLeft", { time: end.short });
  return {
    key: `session:${session.id}`,
    name: nameOf(session),
    details: [session.configName ?? "", fileName(session.notebookPath)].filter(Boolean),
    end: left,
    warm: false,
    mark: stateOf(t, session, now, snapshot.link).mark,
    choice: { sessionId: session.id },
    config: null,
    changesAt: end?.changesAt ?? null,
  };
}

/** The facts of a config, with what a smaller machine gives of its size. */
function configDetails(t: Translate, snapshot: Snapshot, config: Config): string[] {
  const machine = snapshot.me?.clusters.find(({ id }) => id === config.clusterId)?.machine;
  const cut = config.size && machine ? ownSize(t, config.size, machine) : "";
  const facts = configFacts(t, config);
  return cut ? [...facts.slice(0, -1), `${facts.at(-1) ?? ""} ${cut}`] : facts;
}

function ownSize(t: Translate, size: Size, machine: Size): string {
  if (size.vcpus <= machine.vcpus && size.memoryBytes <= machine.memoryBytes) {
    return "";
  }
  const given = Math.min(size.memoryBytes, machine.memoryBytes) / GIBIBYTE;
  return t("ownSize", { vcpus: Math.min(size.vcpus, machine.vcpus), gibibytes: Math.round(given * 10) / 10 });
}

function startText(
  t: Translate,
  estimates: readonly StartEstimate[],
  id: string | null,
): { end: string; warm: boolean } {
  const estimate = estimates.find(({ configId }) => configId === id);
  if (estimate?.warm) {
    return { end: t("readyIn", { time: roughly(t, WARM_SECONDS) }), warm: true };
  }
  const seconds = estimate?.medianSeconds ?? null;
  if (seconds === null) {
    return { end: "", warm: false };
  }
  return { end: t(seconds < COLD_FROM ? "about" : "cold", { time: roughly(t, seconds) }), warm: false };
}

/** `2 s`, `40 s`, `4 min`. */
export function roughly(t: Translate, seconds: number): string {
  const minute = MINUTE / SECOND;
  const unit = seconds < COLD_FROM ? 1 : seconds < minute ? 10 : minute;
  const rounded = Math.max(unit, Math.round(seconds / unit) * unit);
  return rounded < minute ? t("seconds", { seconds: rounded }) : t("minutes", { minutes: rounded / minute });
}

/** The default first, then by last use, then by name. */
function byUse(snapshot: Snapshot): Config[] {
  const used = new Map<string, number>();
  for (const session of [...(snapshot.sessions.items ?? []), ...(snapshot.ended?.items ?? [])]) {
    if (session.mine && session.configId !== null) {
      used.set(session.configId, Math.max(used.get(session.configId) ?? 0, session.createdAt));
    }
  }
  const rank = (config: Config) => (config.name === snapshot.me?.defaultConfig ? Infinity : (used.get(config.id) ?? 0));
  const order = (one: Config, other: Config) =>
    rank(one) === rank(other) ? one.name.localeCompare(other.name) : rank(other) > rank(one) ? 1 : -1;
  return [...(snapshot.configs.items ?? [])].sort(order);
}
