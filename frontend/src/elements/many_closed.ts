/** What came of closing many sessions, when not all could be closed. */

import { html, nothing, type TemplateResult } from "lit";

import type { ActState } from "../model/snapshot";
import type { Translate } from "../strings";
import { bdi, button, filled, notice } from "./templates";

export function manyClosed(
  t: Translate,
  state: ActState | undefined,
  nameOf: (id: string) => string,
  dismiss: () => void,
): TemplateResult | typeof nothing {
  const failures = Object.entries(state?.failures ?? {});
  if (state?.act.act !== "closeMany" || state.phase === "running" || !failures.length) {
    return nothing;
  }
  const count = state.act.sessionIds.length;
  const closed = count - failures.length;
  const told = failures.map(
    ([id, { message }]) => html` ${filled(t, "notClosed", { name: bdi(nameOf(id)), problem: bdi(message) })}`,
  );
  return notice({
    kind: "warn",
    text: html`<b>${t("someClosed", { closed, count })}</b>${told}`,
    buttons: [button(t("dismiss"), dismiss)],
    role: "alert",
  });
}
