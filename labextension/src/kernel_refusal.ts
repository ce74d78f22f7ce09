/** What a kernel raised while it connected, as the API's problem that it stands for. */

import { type Problem, Refused } from "@lakesail/notebook-ui";

import { KernelRaised } from "./connect_cell";

/** The statuses that the elements tell apart. */
const STATUSES: Readonly<Record<string, number>> = {
  RESOURCE_EXHAUSTED: 429,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  INVALID_ARGUMENT: 400,
};

export function refusalOf(error: unknown): Refused {
  if (!(error instanceof KernelRaised)) {
    throw error;
  }
  const code = error.errorClass.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
  const problem: Problem = {
    code: code || "KERNEL",
    message: error.message,
    status: STATUSES[code] ?? null,
    requestId: null,
    retryAt: null,
    errors: [],
  };
  return new Refused(problem);
}
