import { describe, expect, test } from "vitest";

import {
  readConfig,
  readConfigs,
  readEstimates,
  readEvent,
  readInstanceTypes,
  readMe,
  readQueries,
} from "../../src/api/reading";
import { damaged } from "./damaged";

const CONFIG = {
  id: "C1",
  name: "small",
  workloadType: "sail",
  clusterId: "LOCAL",
  teamId: "LOCAL",
  config: {
    sail: {
      executionMode: "cluster",
      compute: {
        driver: { instanceType: "c8g.xlarge", ebsConfig: { volumeSize: 10 } },
        worker: { instanceType: "c8g.xlarge", ebsConfig: null, maxNodes: 4, capacityType: "spot" },
      },
      lakesailImageUri: null,
      libraries: [{ pypi: { package: "numpy" } }],
      extraEnv: { A: "1" },
    },
  },
  endpointLimits: { spark_connect: 2 },
  createdAt: "2026-11-28T08:00:00Z",
  updatedAt: "2026-11-28T08:30:00Z",
  size: { vcpus: 20, memoryBytes: 4096 },
  pricePerHour: 1.5,
  currency: "USD",
};

const ME = {
  memberId: "M1",
  serviceAccountId: null,
  login: "mara",
  name: "Mara Voss",
  teamIds: ["LOCAL"],
  adminOf: ["LOCAL"],
  organizationAdmin: true,
  singleUser: false,
  defaultConfig: "small",
  clusters: [
    { id: "LOCAL", executionModes: ["standalone"], unusedFields: ["/config"], machine: { vcpus: 8, memoryBytes: 9 } },
  ],
  limits: {
    idleTimeoutSeconds: { default: 1800, floor: 60, ceiling: 28800 },
    maxDurationSeconds: { default: null, floor: 300, ceiling: 604800 },
    extensionSeconds: { default: 1800, floor: 60, ceiling: 28800 },
    startTimeoutSeconds: 90,
  },
  quotas: { liveSessionsPerMember: 2 },
  version: "0.1.0",
  features: ["events"],
};

describe("a config", () => {
  test("has all that the form edits", () => {
    expect(readConfig(CONFIG)).toMatchObject({
      mode: "cluster",
      size: { vcpus: 20 },
      price: { perHour: 1.5, currency: "USD" },
      driver: { instanceType: "c8g.xlarge", disk: { volumeSize: 10 } },
      worker: { maxNodes: 4, capacityType: "spot", disk: null },
      libraries: [{ pypi: { package: "numpy" } }],
      extraEnv: { A: "1" },
      sessionsPerEngine: 2,
    });
  });

  test("without a name belongs to one session, and is left out", () => {
    expect(readConfigs({ items: [CONFIG, { ...CONFIG, name: null }], marker: null }).configs).toHaveLength(1);
  });

  test("with one field absent or wrong is read all the same, unless it lacks its id or name", () => {
    for (const json of damaged(CONFIG)) {
      const { id, name } = json as typeof CONFIG;
      expect(readConfig(json) !== null, JSON.stringify(json)).toBe(typeof id === "string" && typeof name === "string");
    }
  });
});

describe("who asks", () => {
  test("has limits, quota and features", () => {
    expect(readMe(ME)).toMatchObject({
      id: "M1",
      singleUser: false,
      sessionsPerMember: 2,
      limits: { extension: { default: 1800, floor: 60, ceiling: 28800 }, startTimeoutSeconds: 90 },
      clusters: [{ id: "LOCAL", machine: { vcpus: 8, memoryBytes: 9 } }],
      features: ["events"],
    });
  });

  test("with any field absent or wrong is complete", () => {
    const names = Object.keys(readMe(ME)).sort();
    for (const json of [...damaged(ME), null, "x", []]) {
      const me = readMe(json);
      expect(Object.keys(me).sort()).toEqual(names);
      expect(me.features.every((feature) => typeof feature === "string")).toBe(true);
    }
  });

  test("of a server that does not say whether it has one user is taken for its only one", () => {
    expect(readMe({ memberId: "M1" })).toMatchObject({ singleUser: true, limits: null, features: [] });
  });
});

test("queries with a wrong field are read, and those that cannot be used are left out", () => {
  const query = { id: "Q", what: "select 1", outcome: "running", startedAt: "2026-11-28T08:00:00Z", seconds: 2 };
  const tasks = { done: 212, total: 800 };
  expect(readQueries({ items: [{ ...query, tasks }, { ...query, outcome: "sleeping" }, null, "x"] })).toMatchObject([
    { id: "Q", tasks, rows: 0, error: null, engineBusy: null },
  ]);
  expect(readQueries({ items: [{ ...query, tasks: { done: "many" }, seconds: "2" }] })).toMatchObject([
    { tasks: null, seconds: 0 },
  ]);
  expect(readQueries({ items: "none" })).toEqual([]);
});

test("an instance type without a size is left out, one without a price has none", () => {
  const type = { name: "c8g.large", vcpus: 2, memoryBytes: 4096, pricePerHour: null, currency: null };
  expect(readInstanceTypes({ items: [type, { name: "x" }] })).toEqual([
    { name: "c8g.large", size: { vcpus: 2, memoryBytes: 4096 }, price: null },
  ]);
});

test("an estimate that says nothing is cold and of unknown length", () => {
  expect(readEstimates({ items: [{ workloadConfigId: "C1" }] })).toEqual([
    { configId: "C1", warm: false, medianSeconds: null },
  ]);
});

test("an event of another version is read as far as it is known", () => {
  expect(readEvent({ kind: "move", sequence: 7, sessionId: "A", newStatus: "idle", mood: 1 })).toEqual({
    sequence: 7,
    kind: "move",
    sessionId: "A",
    workloadId: null,
    newStatus: "idle",
  });
  expect(readEvent(null)).toMatchObject({ kind: null, sessionId: null });
});
