import { expect, test } from "vitest";

import { config, me } from "../fixtures/data";
import { instanceTypes } from "../fixtures/states/config_form";
import { flightsCluster } from "../fixtures/states/configs";
import { deleteQuestion, orderedConfigs } from "../src/model/config_facts";
import { bodyOf, fieldOf, formValues, MASKED, mayEdit, unusedFields } from "../src/model/config_form";
import { formSize } from "../src/model/config_size";
import { english } from "../src/strings";

const disk = { volumeType: "gp3", volumeSize: 100, deleteOnTermination: true };
const full = config({
  mode: "cluster",
  driver: { instanceType: "m8g.xlarge", disk },
  worker: { instanceType: "m8g.2xlarge", disk: null, maxNodes: 8, capacityType: "spot" },
  image: "registry.example.com/sail:1",
  libraries: [
    { pypi: { package: "pandas" } },
    { pypi: { package: "geo", repo: "https://example.com/simple" } },
    { requirements: { source: "a\nb\n" } },
    { requirements: { uri: "https://example.com/r.txt" } },
    { whl: "https://example.com/a.whl" },
  ],
  extraEnv: { TOKEN: MASKED, PLAIN: "1" },
  sessionsPerEngine: 4,
});
const sailOf = (body: Readonly<Record<string, unknown>>) => (body["config"] as { sail: Record<string, unknown> }).sail;

test("a config that nobody changed is sent as it was", () => {
  const body = bodyOf(formValues(full, null, me), full, true);
  expect(body).toEqual({
    name: "small",
    config: {
      sail: {
        executionMode: "cluster",
        compute: {
          driver: { instanceType: "m8g.xlarge", ebsConfig: disk },
          worker: { instanceType: "m8g.2xlarge", maxNodes: 8, capacityType: "spot" },
        },
        lakesailImageUri: "registry.example.com/sail:1",
        libraries: full.libraries,
        extraEnv: { TOKEN: MASKED, PLAIN: "1" },
      },
    },
    endpointLimits: { spark_connect: 4 },
  });
});

test("a new config names its cluster, and its team where there are teams; empty fields stay away", () => {
  const values = { ...formValues(null, null, me), name: " mine " };
  expect(bodyOf(values, null, true)).toEqual({
    name: "mine",
    clusterId: "LOCAL",
    config: { sail: { executionMode: "standalone", libraries: [], extraEnv: {} } },
  });
  expect(bodyOf(values, null, false)["teamId"]).toBe("LOCAL");
});

test("one engine has no workers, and a limit that was taken away is told", () => {
  const body = bodyOf({ ...formValues(full, null, me), mode: "standalone", sessions: "" }, full, true);
  expect(sailOf(body)["compute"]).toEqual({ driver: { instanceType: "m8g.xlarge", ebsConfig: disk } });
  expect(body["endpointLimits"]).toBeNull();
});

test("a copy has a name of its own and no value that is not shown", () => {
  const values = formValues(null, full, me);
  expect(values.name).toBe("small-copy");
  expect(values.variables).toEqual([
    { name: "TOKEN", value: "" },
    { name: "PLAIN", value: "1" },
  ]);
});

test("what is no number goes to the server as it is", () => {
  const body = bodyOf({ ...formValues(full, null, me), maxNodes: "many" }, full, true);
  expect(sailOf(body)["compute"]).toMatchObject({ worker: { maxNodes: "many" } });
});

test("a pointer of the API leads to its field", () => {
  const values = {
    ...formValues(full, null, me),
    libraries: [
      { kind: "pypi", text: "", repo: "" },
      { kind: "pypi", text: "pandas", repo: "" },
    ] as const,
    variables: [
      { name: "", value: "" },
      { name: "A/B", value: "1" },
    ],
  };
  const sail = "/config/sail";
  const fields = {
    "/name": "name",
    "/teamId": "teamId",
    "/endpointLimits/spark_connect": "sessions",
    [`${sail}/executionMode`]: "mode",
    [`${sail}/lakesailImageUri`]: "image",
    [`${sail}/compute/driver/instanceType`]: "driver",
    [`${sail}/compute/worker/instanceType`]: "worker",
    [`${sail}/compute/worker/maxNodes`]: "maxNodes",
    [`${sail}/compute/worker/capacityType`]: "capacity",
    [`${sail}/compute/driver/ebsConfig/iops`]: "driverDisk",
    [`${sail}/compute/worker/ebsConfig`]: "workerDisk",
    [`${sail}/libraries`]: "libraries",
    [`${sail}/libraries/0/pypi/package`]: "libraries-1",
    [`${sail}/extraEnv`]: "variables",
    [`${sail}/extraEnv/A~1B`]: "variables-1",
    [`${sail}/extraEnv/GONE`]: "variables",
    [`${sail}/new`]: null,
    "/metadata": null,
  };
  for (const [pointer, field] of Object.entries(fields)) {
    expect([pointer, fieldOf(pointer, values)]).toEqual([pointer, field]);
  }
});

test("fields that the cluster does not use are known by their pointers", () => {
  const compute = "/config/sail/compute";
  const cluster = me.clusters[0];
  const unused = [`${compute}/driver/ebsConfig`, `${compute}/worker/ebsConfig`, `${compute}/worker/capacityType`];
  expect(unusedFields(cluster && { ...cluster, unusedFields: unused })).toEqual({
    disks: true,
    image: false,
    capacity: true,
  });
  expect(unusedFields(undefined)).toEqual({ disks: false, image: false, capacity: false });
});

test("the foot counts as the server does: all workers and the driver, and the price of all", () => {
  const values = formValues(flightsCluster, null, me);
  const { size, price, atMost } = formSize(values, instanceTypes, null);
  expect([size?.vcpus, (size?.memoryBytes ?? 0) / 1024 ** 3, atMost]).toEqual([68, 272, true]);
  expect(price?.perHour).toBeCloseTo(0.18 + 8 * 0.336);
  const machine = me.clusters[0]?.machine ?? null;
  expect(formSize({ ...values, mode: "standalone", driver: "" }, instanceTypes, machine).size).toBe(machine);
  expect(formSize({ ...values, driver: "unknown" }, instanceTypes, machine).size).toBeNull();
  expect(formSize({ ...values, maxNodes: "" }, instanceTypes, machine).size).toBeNull();
});

test("administrators of the team and of the organization may change a config", () => {
  const member = { ...me, organizationAdmin: false, adminOf: [] };
  expect(mayEdit(me, flightsCluster)).toBe(true);
  expect(mayEdit({ ...member, adminOf: ["FLIGHTS"] }, flightsCluster)).toBe(true);
  expect(mayEdit({ ...member, adminOf: ["OTHER"] }, flightsCluster)).toBe(false);
  expect(mayEdit(null, flightsCluster)).toBe(false);
});

test("the default stands first, and the question before deleting counts who still runs", () => {
  const others = [config({ id: "B", name: "b" }), config({ id: "A", name: "a" }), config({ id: "D", name: "small" })];
  expect(orderedConfigs(others, "small").map(({ name }) => name)).toEqual(["small", "a", "b"]);
  const { key, values } = deleteQuestion(flightsCluster, 2);
  expect(english(key, values)).toBe("Delete flights-cluster? 2 sessions on it go on; nobody can start another.");
});
