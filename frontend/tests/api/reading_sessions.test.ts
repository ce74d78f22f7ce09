import { describe, expect, test } from "vitest";

import { session } from "../../fixtures/data";
import { readPage, readSession, withEarlier } from "../../src/api/reading_sessions";
import { damaged } from "./damaged";

const SESSION = {
  id: "A",
  endpointType: "spark_connect",
  name: "flights",
  status: "active",
  workloadId: "W1",
  teamId: "LOCAL",
  memberId: "M1",
  serviceAccountId: null,
  notebookId: "N1",
  terminationReason: null,
  statusMessage: "runs",
  connectionInfo: { grpcEndpoint: "localhost:41207" },
  lastActivityAt: "2026-11-28T08:58:00Z",
  idleSince: null,
  closedAt: null,
  timeoutAt: "2026-11-28T17:24:00Z",
  config: { idleTimeoutSeconds: 1800, idleCloseDelaySeconds: 28800, maxDurationSeconds: null },
  metadata: { "lakesail/kernel": "k1", note: "x" },
  createdAt: "2026-11-28T08:54:00Z",
  updatedAt: "2026-11-28T08:54:00Z",
  workloadConfigId: "C1",
  workloadConfigName: "small",
  notebookPath: "/home/ada/flights.ipynb",
  notebookContentsPath: "flights.ipynb",
  kernelIds: ["k1", "k2"],
  ownerName: "Mara Voss",
  size: { vcpus: 4, memoryBytes: 1024 },
  pricePerHour: 0.16,
  currency: "EUR",
  costSoFar: 0.02,
  timeoutReason: "idle_timeout",
  extendedUntil: "2026-11-28T10:00:00Z",
  closedBy: "Jonas Lind",
  closeReason: "too dear",
};

const read = (json: unknown) => readSession(json, "M1");

describe("a session", () => {
  test("has all that the server tells", () => {
    expect(read(SESSION)).toEqual(
      session({
        id: "A",
        name: "flights",
        notebookPath: "/home/ada/flights.ipynb",
        contentsPath: "flights.ipynb",
        usedBy: ["k1", "k2"],
        size: { vcpus: 4, memoryBytes: 1024 },
        price: { perHour: 0.16, currency: "EUR" },
        costSoFar: 0.02,
        createdAt: Date.UTC(2026, 10, 28, 8, 54),
        lastActivityAt: Date.UTC(2026, 10, 28, 8, 58),
        timeoutAt: Date.UTC(2026, 10, 28, 17, 24),
        extendedUntil: Date.UTC(2026, 10, 28, 10),
        statusMessage: "runs",
        closedBy: "Jonas Lind",
        closeReason: "too dear",
        metadata: { "lakesail/kernel": "k1", note: "x" },
      }),
    );
  });

  test("of a server with fields that this page does not know is the same", () => {
    expect(read({ ...SESSION, mood: "good", config: { ...SESSION.config, mood: 1 } })).toEqual(read(SESSION));
  });

  test("of a server that lacks the newer fields is complete, with null for them", () => {
    const { id, status, createdAt, config, metadata } = SESSION;
    const told = read({
      id,
      status,
      createdAt,
      config,
      metadata: { ...metadata, "lakesail/notebook": "old.ipynb" },
    });
    expect(Object.keys(told ?? {}).sort()).toEqual(Object.keys(read(SESSION) ?? {}).sort());
    expect(told).toMatchObject({ size: null, price: null, timeoutReason: null, notebookPath: "old.ipynb" });
  });

  test("with one field absent or wrong is read all the same, unless it lacks its id or status", () => {
    for (const json of damaged(SESSION)) {
      const { id, status } = json as typeof SESSION;
      const usable = typeof id === "string" && status === "active";
      expect(read(json) !== null, JSON.stringify(json)).toBe(usable);
    }
  });

  test("is nobody's when the caller is not known", () => {
    expect(readSession({ ...SESSION, memberId: null }, null)?.mine).toBe(false);
  });

  test("that is pending is ready when its engine can be reached", () => {
    expect(read({ ...SESSION, status: "pending" })?.ready).toBe(true);
    expect(read({ ...SESSION, status: "pending", connectionInfo: { grpcEndpoint: null } })?.ready).toBe(false);
  });

  test("read alone keeps what only the list told", () => {
    const listed = { ...(read(SESSION) as NonNullable<ReturnType<typeof read>>), ownerName: "Mara", configName: "big" };
    const alone = read({ ...SESSION, ownerName: null, workloadConfigName: null });
    expect(alone && withEarlier(alone, listed)).toMatchObject({ ownerName: "Mara", configName: "big" });
  });
});

describe("a page of sessions", () => {
  const PAGE = {
    total: 7,
    items: [{ id: "A" }],
    included: {
      sessions: [{ ...SESSION, status: "pending", ownerName: undefined, workloadConfigName: undefined }, { id: 3 }],
      workloads: [{ id: "W1", infraStatus: "starting", workloadConfigId: "C1" }],
      workloadConfigs: [{ id: "C1", name: "small" }],
      members: [{ id: "M1", name: "Mara Voss" }],
      serviceAccounts: [],
    },
    marker: "next",
  };

  test("names owners and configs by what stands beside the sessions, and leaves out what is none", () => {
    const page = readPage(PAGE, "M1");
    expect(page).toMatchObject({ total: 7, marker: "next" });
    expect(page.sessions).toHaveLength(1);
    expect(page.sessions[0]).toMatchObject({ ownerName: "Mara Voss", configName: "small", ready: false });
  });

  test("with one field absent or wrong is read all the same", () => {
    for (const json of damaged(PAGE)) {
      expect(Array.isArray(readPage(json, "M1").sessions), JSON.stringify(json)).toBe(true);
    }
  });
});
