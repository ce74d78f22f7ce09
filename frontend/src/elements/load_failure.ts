/** A list that could not be read: what, why, and a button that tries again. */

import { html, nothing, type TemplateResult } from "lit";

import * as icons from "../icons";
import type { Problem } from "../model/types";
import type { Key, Translate } from "../strings";
import { bdi, button, filled, notice } from "./templates";

export function loadFailure(t: Translate, what: Key, problem: Problem, retry: () => void): TemplateResult {
  const { message, requestId } = problem;
  const request = requestId ? html`<span class="code" style="white-space:nowrap">${requestId}</span>` : nothing;
  return notice({
    kind: "bad",
    shape: icons.failed,
    text: html`<b>${t(what)}</b> ${bdi(message)}
      ${requestId ? html`<span class="dim">${filled(t, "request", { id: request })}</span>` : nothing}`,
    buttons: [button(t("tryAgain"), retry)],
    role: "alert",
  });
}
