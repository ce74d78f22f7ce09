/** The API's answers as the values of `model/types.ts`. They are complete whatever the server lacks: an absent field or
    one of the wrong type is `null`, an unknown one is passed over, and a row that cannot be used is left out. */

import type {
  Cluster,
  Config,
  DurationLimit,
  InstanceType,
  Me,
  NodeCompute,
  Price,
  Query,
  Size,
  StartEstimate,
} from "../model/types";
import { Fields, isObject, readAll } from "./fields";
import type { components } from "./generated";

export type Wire = components["schemas"];

export function readMe(json: unknown): Me {
  const me = new Fields<Wire["Me"]>(json);
  const limits = me.inner("limits");
  return {
    ...me.texts("defaultConfig", "version"),
    id: me.text("memberId") ?? me.text("serviceAccountId"),
    name: me.text("name") ?? me.text("login"),
    teamIds: me.strings("teamIds"),
    adminOf: me.strings("adminOf"),
    organizationAdmin: me.flag("organizationAdmin") ?? false,
    singleUser: me.flag("singleUser") ?? true,
    clusters: readAll(me.list("clusters"), readCluster),
    limits: me.object("limits") && {
      idleTimeout: readLimit(limits.object("idleTimeoutSeconds")),
      maxDuration: readLimit(limits.object("maxDurationSeconds")),
      extension: readLimit(limits.object("extensionSeconds")),
      startTimeoutSeconds: limits.number("startTimeoutSeconds") ?? 60,
    },
    sessionsPerMember: me.inner("quotas").number("liveSessionsPerMember"),
    features: me.strings("features"),
    marimo: readMarimo(json),
  };
}

/** A server that has marimo sessions and does not tell whether it starts marimo starts none. */
function readMarimo(json: unknown): Me["marimo"] {
  const me = new Fields<Pick<Wire["Me"], "features"> & { marimo: unknown }>(json);
  if (!me.strings("features").includes("marimo_sessions")) {
    return null;
  }
  const marimo = new Fields<{ available: boolean; reason: string }>(me.object("marimo"));
  return { available: marimo.flag("available") ?? false, reason: marimo.text("reason") };
}

function readCluster(json: unknown): Cluster | null {
  const cluster = new Fields<Wire["Cluster"]>(json);
  const id = cluster.text("id");
  return id === null
    ? null
    : {
        id,
        executionModes: cluster.strings("executionModes"),
        unusedFields: cluster.strings("unusedFields"),
        machine: readSize(cluster.object("machine")),
      };
}

function readLimit(json: unknown): DurationLimit {
  const limit = new Fields<Wire["DurationLimit"]>(json);
  return {
    default: limit.number("default"),
    floor: limit.number("floor") ?? 1,
    ceiling: limit.number("ceiling") ?? Number.MAX_SAFE_INTEGER,
  };
}

export function readSize(json: unknown): Size | null {
  const size = new Fields<Wire["ComputeSize"]>(json);
  const { vcpus, memoryBytes } = size.numbers("vcpus", "memoryBytes");
  return vcpus === null || memoryBytes === null ? null : { vcpus, memoryBytes };
}

/** @param json has the two fields beside others. */
export function readPrice(json: unknown): Price | null {
  const fields = new Fields<Wire["WorkloadConfig"]>(json);
  const perHour = fields.number("pricePerHour");
  return perHour === null ? null : { perHour, currency: fields.text("currency") ?? "USD" };
}

/** Configs with a name; the others belong to one session each. */
export function readConfigs(json: unknown): { configs: Config[]; marker: string | null } {
  const page = new Fields<Wire["WorkloadConfigPage"]>(json);
  return { configs: readAll(page.list("items"), readConfig), marker: page.text("marker") };
}

export function readConfig(json: unknown): Config | null {
  const fields = new Fields<Wire["WorkloadConfig"]>(json);
  const { id, name, teamId } = fields.texts("id", "name", "teamId");
  if (id === null || name === null) {
    return null;
  }
  const sail = fields.inner("config").inner("sail");
  const compute = sail.inner("compute");
  const worker = compute.inner("worker");
  return {
    id,
    name,
    clusterId: fields.text("clusterId") ?? "LOCAL",
    teamId,
    mode: sail.word("executionMode", ["standalone", "cluster"]) ?? "standalone",
    size: readSize(fields.object("size")),
    price: readPrice(json),
    driver: compute.object("driver") && readNode(compute.inner("driver")),
    worker: compute.object("worker") && {
      ...readNode(worker),
      ...worker.numbers("maxNodes"),
      ...worker.texts("capacityType"),
    },
    image: sail.text("lakesailImageUri"),
    libraries: sail.list("libraries").filter(isObject),
    extraEnv: sail.dictionary("extraEnv"),
    sessionsPerEngine: fields.inner("endpointLimits").number("spark_connect"),
    updatedAt: fields.time("updatedAt") ?? fields.time("createdAt") ?? 0,
  };
}

function readNode(node: Fields<Wire["DriverCompute"]>): NodeCompute {
  return { instanceType: node.text("instanceType"), disk: node.object("ebsConfig") };
}

export function readQueries(json: unknown): Query[] {
  return readAll(new Fields<Wire["SessionQueries"]>(json).list("items"), readQuery);
}

function readQuery(json: unknown): Query | null {
  const query = new Fields<Wire["Query"]>(json);
  const [id, outcome] = [query.text("id"), query.word("outcome", ["running", "succeeded", "failed", "cancelled"])];
  if (id === null || outcome === null) {
    return null;
  }
  const tasks = new Fields<{ done: number; total: number }>(new Fields<{ tasks: unknown }>(json).object("tasks"));
  const { done, total } = tasks.numbers("done", "total");
  return {
    id,
    what: query.text("what") ?? "",
    outcome,
    startedAt: query.time("startedAt") ?? 0,
    seconds: query.number("seconds") ?? 0,
    rows: query.number("rows") ?? 0,
    bytes: query.number("bytes") ?? 0,
    error: query.text("error"),
    engineBusy: query.flag("engineBusy"),
    tasks: done === null || total === null ? null : { done, total },
  };
}

export function readLog(json: unknown): readonly string[] {
  return new Fields<Wire["SessionLogs"]>(json).strings("lines");
}

export function readInstanceTypes(json: unknown): InstanceType[] {
  return readAll(new Fields<Wire["InstanceTypes"]>(json).list("items"), (item) => {
    const name = new Fields<Wire["InstanceType"]>(item).text("name");
    const size = readSize(item);
    return name === null || size === null ? null : { name, size, price: readPrice(item) };
  });
}

export function readEstimates(json: unknown): StartEstimate[] {
  return readAll(new Fields<Wire["StartEstimates"]>(json).list("items"), (item) => {
    const estimate = new Fields<Wire["StartEstimate"]>(item);
    return {
      configId: estimate.text("workloadConfigId"),
      warm: estimate.flag("warm") ?? false,
      medianSeconds: estimate.number("medianSeconds"),
    };
  });
}

export interface SailEvent {
  readonly sequence: number | null;
  readonly kind: string | null;
  readonly sessionId: string | null;
  readonly workloadId: string | null;
  readonly newStatus: string | null;
}

export function readEvent(json: unknown): SailEvent {
  const event = new Fields<Wire["Event"]>(json);
  return { ...event.numbers("sequence"), ...event.texts("kind", "sessionId", "workloadId", "newStatus") };
}
