/** What the elements show: values read from the API's answers by `api/reading.ts`, complete whatever the server lacks.

    Moments are milliseconds since 1970 by the server's clock. `null` stands for what is not there or not told. */

export type SessionStatus = "pending" | "active" | "idle" | "closed" | "failed";

export interface Size {
  readonly vcpus: number;
  readonly memoryBytes: number;
}

export interface Price {
  readonly perHour: number;
  readonly currency: string;
}

/** How marimo serves a notebook: to be edited, or as an app. */
export type MarimoMode = "edit" | "run";

export type TimeoutReason = "idle_timeout" | "max_duration" | "detached";

export interface Session {
  readonly id: string;
  readonly name: string | null;
  readonly status: SessionStatus;
  /** Of a session whose page marimo serves; its notebook is marimo's file. `null`: kernels use it. */
  readonly marimo: MarimoMode | null;
  /** Whether its engine serves it; a pending session may be ready. */
  readonly ready: boolean;
  readonly mine: boolean;
  readonly memberId: string | null;
  readonly serviceAccountId: string | null;
  readonly ownerName: string | null;
  readonly teamId: string | null;
  readonly workloadId: string | null;
  readonly configId: string | null;
  readonly configName: string | null;
  readonly notebookId: string | null;
  /** For people: where it is, or was last. */
  readonly notebookPath: string | null;
  /** Its path in the Contents API of the server that serves the page; `null`: not there. */
  readonly contentsPath: string | null;
  /** The kernel that it was made in. */
  readonly kernelId: string | null;
  /** The kernels that use it, as its server tells its owner. */
  readonly usedBy: readonly string[];
  readonly size: Size | null;
  readonly price: Price | null;
  readonly costSoFar: number | null;
  readonly endpoint: string | null;
  readonly createdAt: number;
  readonly lastActivityAt: number | null;
  readonly idleSince: number | null;
  readonly closedAt: number | null;
  readonly timeoutAt: number | null;
  readonly timeoutReason: TimeoutReason | null;
  readonly extendedUntil: number | null;
  readonly idleTimeoutSeconds: number | null;
  readonly idleCloseDelaySeconds: number | null;
  readonly maxDurationSeconds: number | null;
  readonly terminationReason: string | null;
  readonly statusMessage: string | null;
  readonly closedBy: string | null;
  readonly closeReason: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface NodeCompute {
  readonly instanceType: string | null;
  /** As the API has it; the form edits it as a whole. */
  readonly disk: Readonly<Record<string, unknown>> | null;
}

export interface Config {
  readonly id: string;
  readonly name: string;
  readonly clusterId: string;
  readonly teamId: string | null;
  readonly mode: "standalone" | "cluster";
  readonly size: Size | null;
  readonly price: Price | null;
  readonly driver: NodeCompute | null;
  readonly worker: (NodeCompute & { readonly maxNodes: number | null; readonly capacityType: string | null }) | null;
  readonly image: string | null;
  readonly libraries: readonly Readonly<Record<string, unknown>>[];
  readonly extraEnv: Readonly<Record<string, string>>;
  readonly sessionsPerEngine: number | null;
  readonly updatedAt: number;
}

export interface DurationLimit {
  readonly default: number | null;
  readonly floor: number;
  readonly ceiling: number;
}

export interface Cluster {
  readonly id: string;
  readonly executionModes: readonly string[];
  /** JSON pointers to fields of a config that change nothing on this cluster. */
  readonly unusedFields: readonly string[];
  readonly machine: Size | null;
}

export interface Me {
  readonly id: string | null;
  readonly name: string | null;
  readonly teamIds: readonly string[];
  readonly adminOf: readonly string[];
  readonly organizationAdmin: boolean;
  readonly singleUser: boolean;
  readonly defaultConfig: string | null;
  readonly clusters: readonly Cluster[];
  readonly limits: {
    readonly idleTimeout: DurationLimit;
    readonly maxDuration: DurationLimit;
    readonly extension: DurationLimit;
    readonly startTimeoutSeconds: number;
  } | null;
  readonly sessionsPerMember: number | null;
  readonly version: string | null;
  readonly features: readonly string[];
  /** Whether the server starts marimo for the caller; `null`: it has no such sessions. */
  readonly marimo: { readonly available: boolean; readonly reason: string | null } | null;
}

export interface Query {
  readonly id: string;
  readonly what: string;
  readonly outcome: "running" | "succeeded" | "failed" | "cancelled";
  readonly startedAt: number;
  /** While it runs: until `asOf` of the list. */
  readonly seconds: number;
  readonly rows: number;
  readonly bytes: number;
  readonly error: string | null;
  readonly engineBusy: boolean | null;
  readonly tasks: { readonly done: number; readonly total: number } | null;
}

export interface InstanceType {
  readonly name: string;
  readonly size: Size;
  readonly price: Price | null;
}

export interface StartEstimate {
  /** `null`: a session without a config. */
  readonly configId: string | null;
  readonly warm: boolean;
  readonly medianSeconds: number | null;
}

/** A refusal or failure as the API tells it (a problem document), or as the page sees it (code `UNREACHABLE`). */
export interface Problem {
  readonly code: string;
  /** A sentence for people. */
  readonly message: string;
  /** The API's word that tells cases of one code apart. */
  readonly reason?: string | null;
  readonly status: number | null;
  readonly requestId: string | null;
  readonly retryAt: number | null;
  readonly errors: readonly { readonly pointer: string; readonly message: string }[];
}

/** A notebook as its host sees it. */
export interface Notebook {
  readonly path: string;
  /** The file's name without its suffix. */
  readonly name: string;
  readonly kernel: Kernel;
  /** The name of the config that the notebook remembers. */
  readonly remembered: string | null;
  /** `connecting`: Connect was clicked, and no session is there yet. `waiting`: the kernel is busy, the cell queues. */
  readonly connecting: "no" | "connecting" | "waiting";
}

export interface Kernel {
  readonly id: string | null;
  /** As people read it, e.g. `Python 3 (ipykernel)`. */
  readonly name: string;
  readonly state: "none" | "starting" | "idle" | "busy" | "gone";
  /** `no-package`: Python without lakesail-notebook. `no-python`: another language. */
  readonly fit: "unknown" | "fits" | "no-package" | "no-python";
  /** What is lost with the session, where the kernel told it. */
  readonly tempViews: readonly string[] | null;
}
