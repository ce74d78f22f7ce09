import { expect, test } from "vitest";

import { session } from "../../fixtures/data";
import { endReason } from "../../src/model/reasons";
import type { Session } from "../../src/model/types";
import { english as t } from "../../src/strings";

function read(changes: Partial<Session>): string {
  const said = endReason(t, session({ status: "closed", ...changes }), 60);
  return typeof said === "string" ? said : t(said.key, said.values);
}

test.each<[Partial<Session>, string]>([
  [{ terminationReason: "user_closed" }, "You closed it."],
  [{ terminationReason: "user_closed", mine: false }, "Its owner closed it."],
  [{ terminationReason: "admin_closed" }, "Closed by an administrator."],
  [{ terminationReason: "admin_closed", closedBy: "Mara", closeReason: "Upgrade." }, 'Closed by Mara: "Upgrade."'],
  [{ terminationReason: "admin_closed", closedBy: "Mara" }, "Closed by Mara."],
  [{ terminationReason: "idle_timeout" }, "Closed after 8\u00a0h 30\u00a0min idle."],
  [{ terminationReason: "idle_timeout", idleTimeoutSeconds: null }, "Closed because it was idle for too long."],
  [{ terminationReason: "max_duration", maxDurationSeconds: 43200 }, "Closed after its limit of 12\u00a0h."],
  [{ terminationReason: "detached" }, "Closed: its kernel was gone."],
  [{ terminationReason: "start_failed", statusMessage: "No pandas==9.1." }, "No pandas==9.1."],
  [{ terminationReason: "engine_crashed" }, "The engine ended."],
  [{ terminationReason: "start_timeout" }, "Not ready within 60\u00a0s."],
  [{ terminationReason: "server_stopped" }, "Ended with the Jupyter server."],
  [{ terminationReason: "evicted" }, "The cluster took its machine away (spot)."],
  [{ terminationReason: "moonlight" }, "moonlight"],
])("%o reads as one sentence", (changes, text) => {
  expect(read(changes)).toBe(text);
});
