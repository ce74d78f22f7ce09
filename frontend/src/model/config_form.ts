/** A compute config as the values of a form, and back as the body that the API takes. */

import type { ConfigBody } from "./acts";
import type { Cluster, Config, Me } from "./types";

/** Stands in answers for a value that is not shown; sent back, it keeps the value that there is. */
export const MASKED = "********";

export type LibraryKind = "pypi" | "index" | "requirements" | "file" | "wheel";

export interface LibraryValue {
  readonly kind: LibraryKind;
  /** The package, the lines, or the address. */
  readonly text: string;
  /** Of the index that the package comes from. */
  readonly repo: string;
}

export interface VariableValue {
  readonly name: string;
  readonly value: string;
}

export interface DiskValue {
  readonly volumeType: string;
  readonly volumeSize: string;
  readonly iops: string;
  readonly throughput: string;
  /** What the API has beyond these; it is kept. */
  readonly others: Readonly<Record<string, unknown>>;
}

export interface FormValues {
  readonly name: string;
  readonly clusterId: string;
  readonly teamId: string;
  readonly mode: "standalone" | "cluster";
  readonly driver: string;
  readonly worker: string;
  readonly maxNodes: string;
  readonly capacity: string;
  readonly driverDisk: DiskValue;
  readonly workerDisk: DiskValue;
  readonly image: string;
  readonly sessions: string;
  readonly libraries: readonly LibraryValue[];
  readonly variables: readonly VariableValue[];
}

const DISK_FIELDS = ["volumeType", "volumeSize", "iops", "throughput"] as const;
const DISK_NUMBERS: ReadonlySet<string> = new Set(["volumeSize", "iops", "throughput"]);

/** What the form begins with: a config, a copy of one, or nothing. */
export function formValues(config: Config | null, copyOf: Config | null, me: Me | null): FormValues {
  const from = config ?? copyOf;
  const cluster = me?.clusters.find(({ id }) => id === from?.clusterId) ?? me?.clusters[0];
  const modes = cluster?.executionModes ?? [];
  return {
    name: config?.name ?? (copyOf ? `${copyOf.name}-copy` : ""),
    clusterId: from?.clusterId ?? cluster?.id ?? "LOCAL",
    teamId: from?.teamId ?? me?.adminOf[0] ?? me?.teamIds[0] ?? "",
    mode: from?.mode ?? (modes.length && !modes.includes("standalone") ? "cluster" : "standalone"),
    driver: from?.driver?.instanceType ?? "",
    worker: from?.worker?.instanceType ?? "",
    maxNodes: textOf(from?.worker?.maxNodes),
    capacity: from?.worker?.capacityType ?? "",
    driverDisk: diskValue(from?.driver?.disk),
    workerDisk: diskValue(from?.worker?.disk),
    image: from?.image ?? "",
    sessions: textOf(from?.sessionsPerEngine),
    libraries: (from?.libraries ?? []).map(libraryValue),
    variables: Object.entries(from?.extraEnv ?? {}).map(([name, value]) => ({
      name,
      value: config === null && value === MASKED ? "" : value,
    })),
  };
}

/** @param before the config that is changed; `null` for a new one. */
export function bodyOf(values: FormValues, before: Config | null, singleUser: boolean): ConfigBody {
  const worker = values.mode === "cluster" ? workerOf(values) : undefined;
  const driver = node(values.driver, values.driverDisk);
  const compute = present({ driver, worker });
  const sessions = numberOf(values.sessions);
  const limited = sessions !== undefined || (before?.sessionsPerEngine ?? null) !== null;
  return present({
    name: values.name.trim(),
    clusterId: before ? undefined : values.clusterId,
    teamId: before || singleUser ? undefined : values.teamId || undefined,
    config: {
      sail: present({
        executionMode: values.mode,
        compute: Object.keys(compute).length ? compute : undefined,
        lakesailImageUri: values.image.trim() || undefined,
        libraries: filledLibraries(values).map(libraryBody),
        extraEnv: Object.fromEntries(filledVariables(values).map(({ name, value }) => [name.trim(), value])),
      }),
    },
    endpointLimits: limited ? (sessions === undefined ? null : { spark_connect: sessions }) : undefined,
  });
}

/** Where on the form a pointer of the API leads; `null`: nowhere on it. */
export function fieldOf(pointer: string, values: FormValues): string | null {
  const [first, second, ...rest] = pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (first !== "config" || second !== "sail") {
    return { name: "name", teamId: "teamId", clusterId: "clusterId", endpointLimits: "sessions" }[first ?? ""] ?? null;
  }
  const [field, key, detail] = rest;
  switch (field) {
    case "executionMode":
      return "mode";
    case "lakesailImageUri":
      return "image";
    case "compute":
      return computeField(key, detail);
    case "libraries":
      return key === undefined ? "libraries" : rowField("libraries", values.libraries, filledLibraries(values)[+key]);
    case "extraEnv":
      return key === undefined
        ? "variables"
        : rowField(
            "variables",
            values.variables,
            values.variables.find(({ name }) => name.trim().startsWith(key)),
          );
    default:
      return null;
  }
}

/** Which fields the cluster does not use. */
export function unusedFields(cluster: Cluster | undefined): { disks: boolean; image: boolean; capacity: boolean } {
  const unused = new Set(cluster?.unusedFields ?? []);
  const compute = "/config/sail/compute";
  return {
    disks: unused.has(`${compute}/driver/ebsConfig`) && unused.has(`${compute}/worker/ebsConfig`),
    image: unused.has("/config/sail/lakesailImageUri"),
    capacity: unused.has(`${compute}/worker/capacityType`),
  };
}

/** Whether the caller may change it. */
export function mayEdit(me: Me | null, config: Config): boolean {
  return me !== null && (me.organizationAdmin || (config.teamId !== null && me.adminOf.includes(config.teamId)));
}

function computeField(node: string | undefined, detail: string | undefined): string | null {
  const isDriver = node === "driver";
  switch (detail) {
    case "ebsConfig":
      return isDriver ? "driverDisk" : "workerDisk";
    case "maxNodes":
      return "maxNodes";
    case "capacityType":
      return "capacity";
    default:
      return node === undefined ? null : isDriver ? "driver" : "worker";
  }
}

function rowField<T>(field: string, rows: readonly T[], row: T | undefined): string {
  return row === undefined ? field : `${field}-${rows.indexOf(row)}`;
}

function workerOf(values: FormValues): Record<string, unknown> | undefined {
  const worker = {
    ...node(values.worker, values.workerDisk),
    ...present({ maxNodes: numberOf(values.maxNodes), capacityType: values.capacity || undefined }),
  };
  return Object.keys(worker).length ? worker : undefined;
}

function node(instanceType: string, disk: DiskValue): Record<string, unknown> | undefined {
  const fields = DISK_FIELDS.map((name) => [
    name,
    DISK_NUMBERS.has(name) ? numberOf(disk[name]) : disk[name].trim() || undefined,
  ]);
  const ebsConfig = present({ ...disk.others, ...Object.fromEntries(fields) });
  const all = present({
    instanceType: instanceType.trim() || undefined,
    ebsConfig: Object.keys(ebsConfig).length ? ebsConfig : undefined,
  });
  return Object.keys(all).length ? all : undefined;
}

function diskValue(disk: Readonly<Record<string, unknown>> | null | undefined): DiskValue {
  const { volumeType, volumeSize, iops, throughput, ...others } = disk ?? {};
  return {
    volumeType: textOf(volumeType),
    volumeSize: textOf(volumeSize),
    iops: textOf(iops),
    throughput: textOf(throughput),
    others,
  };
}

function filledLibraries(values: FormValues): LibraryValue[] {
  return values.libraries.filter(({ text }) => text.trim());
}

function filledVariables(values: FormValues): VariableValue[] {
  return values.variables.filter(({ name }) => name.trim());
}

function libraryValue(library: Readonly<Record<string, unknown>>): LibraryValue {
  const pypi = inner(library["pypi"]);
  const requirements = inner(library["requirements"]);
  if (pypi) {
    const repo = textOf(pypi["repo"]);
    return { kind: repo ? "index" : "pypi", text: textOf(pypi["package"]), repo };
  }
  if (requirements) {
    const source = textOf(requirements["source"]);
    return source
      ? { kind: "requirements", text: source, repo: "" }
      : { kind: "file", text: textOf(requirements["uri"]), repo: "" };
  }
  return { kind: "wheel", text: textOf(library["whl"]), repo: "" };
}

function libraryBody({ kind, text, repo }: LibraryValue): Record<string, unknown> {
  const trimmed = text.trim();
  switch (kind) {
    case "pypi":
      return { pypi: { package: trimmed } };
    case "index":
      return { pypi: present({ package: trimmed, repo: repo.trim() || undefined }) };
    case "requirements":
      return { requirements: { source: text } };
    case "file":
      return { requirements: { uri: trimmed } };
    case "wheel":
      return { whl: trimmed };
  }
}

function inner(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
}

/** A number, or else the text itself: the server says what is wrong with it. */
function numberOf(text: string): number | string | undefined {
  const trimmed = text.trim();
  return trimmed === "" ? undefined : Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

function present(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
