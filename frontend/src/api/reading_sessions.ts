/** Sessions as the API tells them: alone, or in a page with the objects that it names. */

import type { MarimoMode, Session } from "../model/types";
import { Fields, readAll } from "./fields";
import { readPrice, readSize, type Wire } from "./reading";

const STATUSES = ["pending", "active", "idle", "closed", "failed"] as const;
const TIMEOUT_REASONS = ["idle_timeout", "max_duration", "detached"] as const;
const KERNEL_KEY = "lakesail/kernel";
const NOTEBOOK_KEY = "lakesail/notebook";
export const MARIMO_FILE_KEY = "lakesail/marimo-file";
export const MARIMO_MODE_KEY = "lakesail/marimo-mode";

/** What stands in a page beside a session. */
export interface Beside {
  readonly ready: boolean | null;
  readonly configId: string | null;
  readonly configName: string | null;
  readonly ownerName: string | null;
}

/** @param callerId of the member or service account that asks. */
export function readSession(json: unknown, callerId: string | null, beside: Beside | null = null): Session | null {
  const session = new Fields<Wire["Session"]>(json);
  const [id, status] = [session.text("id"), session.word("status", STATUSES)];
  if (id === null || status === null) {
    return null;
  }
  const { memberId, serviceAccountId, ...texts } = session.texts(
    "name",
    "memberId",
    "serviceAccountId",
    "teamId",
    "workloadId",
    "notebookId",
    "terminationReason",
    "statusMessage",
    "closedBy",
    "closeReason",
  );
  const { createdAt, updatedAt, ...times } = session.times(
    "createdAt",
    "updatedAt",
    "lastActivityAt",
    "idleSince",
    "closedAt",
    "timeoutAt",
    "extendedUntil",
  );
  const metadata = session.dictionary("metadata");
  const endpoint = session.inner("connectionInfo").text("grpcEndpoint");
  return {
    id,
    status,
    marimo: session.text("endpointType") === "marimo" ? marimoMode(metadata) : null,
    ready: status === "active" || status === "idle" || (status === "pending" && (beside?.ready ?? endpoint !== null)),
    mine: callerId !== null && callerId === (memberId ?? serviceAccountId),
    memberId,
    serviceAccountId,
    ...texts,
    ...times,
    createdAt: createdAt ?? updatedAt ?? times.lastActivityAt ?? 0,
    ...session.inner("config").numbers("idleTimeoutSeconds", "idleCloseDelaySeconds", "maxDurationSeconds"),
    ...session.numbers("costSoFar"),
    ownerName: session.text("ownerName") ?? beside?.ownerName ?? null,
    configId: session.text("workloadConfigId") ?? beside?.configId ?? null,
    configName: session.text("workloadConfigName") ?? beside?.configName ?? null,
    notebookPath: session.text("notebookPath") ?? metadata[NOTEBOOK_KEY] ?? metadata[MARIMO_FILE_KEY] ?? null,
    contentsPath: session.text("notebookContentsPath"),
    kernelId: metadata[KERNEL_KEY] ?? null,
    usedBy: session.strings("kernelIds"),
    size: readSize(session.object("size")),
    price: readPrice(json),
    timeoutReason: session.word("timeoutReason", TIMEOUT_REASONS),
    endpoint,
    metadata,
  };
}

/** Without a word, marimo lets the notebook be edited. */
function marimoMode(metadata: Readonly<Record<string, string>>): MarimoMode {
  return metadata[MARIMO_MODE_KEY] === "run" ? "run" : "edit";
}

/** The id of an object of the API; empty where it has none. */
export function readId(json: unknown): string {
  return new Fields<{ id: string }>(json).text("id") ?? "";
}

/** A session that was read alone, with what only a page tells, as an earlier reading had it. */
export function withEarlier(session: Session, earlier: Session | undefined): Session {
  return {
    ...session,
    ready: session.ready || (session.status === "pending" && (earlier?.ready ?? false)),
    ownerName: session.ownerName ?? earlier?.ownerName ?? null,
    configId: session.configId ?? earlier?.configId ?? null,
    configName: session.configName ?? earlier?.configName ?? null,
  };
}

export interface SessionPage {
  /** Newest first. */
  readonly sessions: readonly Session[];
  readonly total: number | null;
  /** Where the next page begins; `null` on the last. */
  readonly marker: string | null;
}

export function readPage(json: unknown, callerId: string | null): SessionPage {
  const page = new Fields<Wire["SessionPage"]>(json);
  const included = page.inner("included");
  const workloads = byId(included.list("workloads"));
  const configs = byId(included.list("workloadConfigs"));
  const owners = new Map([...byId(included.list("members")), ...byId(included.list("serviceAccounts"))]);
  return {
    sessions: readAll(included.list("sessions"), (json) => {
      const session = new Fields<Wire["Session"]>(json);
      const workload = new Fields<Wire["Workload"]>(workloads.get(session.text("workloadId") ?? ""));
      const configId = workload.text("workloadConfigId");
      const owner = owners.get(session.text("memberId") ?? session.text("serviceAccountId") ?? "");
      const status = workload.text("infraStatus");
      return readSession(json, callerId, {
        ready: status === null ? null : status === "ready",
        configId,
        configName: new Fields<Wire["WorkloadConfig"]>(configs.get(configId ?? "")).text("name"),
        ownerName:
          new Fields<Wire["Member"]>(owner).text("name") ?? new Fields<Wire["ServiceAccount"]>(owner).text("username"),
      });
    }),
    total: page.number("total"),
    marker: page.text("marker"),
  };
}

function byId(items: readonly unknown[]): Map<string, unknown> {
  return new Map(items.map((item) => [readId(item), item]));
}
