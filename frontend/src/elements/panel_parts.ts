/** What a panel says when its session, its kernel, or the page that it was saved from is gone. */

import { html, nothing, type TemplateResult } from "lit";

import * as icons from "../icons";
import { endReason } from "../model/reasons";
import type { Snapshot } from "../model/snapshot";
import { nameOf, word } from "../model/states";
import { clock, shortTime } from "../model/times";
import { lowered } from "../model/bar";
import type { Notebook, Session } from "../model/types";
import type { Translate } from "../strings";
import type { Around } from "./here_notices";
import { bdi, filled, listed, notice, sentence } from "./templates";

/** The kernel has gone and the page lives: what it knew stands there, and says so. */
export function frozenNotice({ t, snapshot }: Around, session: Session | null): TemplateResult {
  const until = session?.timeoutReason === "detached" ? session.timeoutAt : null;
  const again = until === null ? t("runAgain") : t("runAgainUntil", { time: clock(until) });
  const asOf = snapshot.asOf ? [" ", t("shownAsOf", { time: clock(snapshot.asOf) })] : nothing;
  return notice({ kind: "warn", shape: icons.unknown, text: html`<b>${t("kernelGone")}</b>${asOf} ${again}` });
}

/** Why it ended, and what went with it. */
export function endedText(
  t: Translate,
  snapshot: Snapshot,
  session: Session,
  notebook: Notebook | null,
): TemplateResult {
  const reason = endReason(t, session, snapshot.me?.limits?.startTimeoutSeconds ?? null);
  const views = notebook?.kernel.tempViews ?? [];
  const gone = views.length ? filled(t, "goneWithIt", { views: html`${listed(t, views)}` }) : "";
  return html`<div>${sentence(t, reason)} ${gone} ${session.status === "closed" ? t("nothingRuns") : nothing}</div>`;
}

/** A saved notebook without its kernel: text, no buttons, no spinner. */
export function savedPicture(t: Translate, snapshot: Snapshot, session: Session | null): TemplateResult {
  const time = shortTime(snapshot.asOf);
  if (!session) {
    return html`<div class="saved dim small">${t("savedNone", { time })}</div>`;
  }
  const title = html`<b>${filled(t, "savedSession", { name: bdi(nameOf(session)) })}</b>`;
  const values = {
    title,
    id: bdi(session.id),
    config: bdi(session.configName ?? ""),
  };
  const count = snapshot.queries[session.id]?.total ?? null;
  const key = count === null ? "savedState" : count === 1 ? "savedStateQuery" : "savedStateQueries";
  const state = lowered(word(t, session));
  return html`<div class="saved">
    <div>${filled(t, session.configName === null ? "savedTitleBare" : "savedTitle", values)}</div>
    <div class="dim small">${t(key, { time, state, ...(count === null ? {} : { count }) })}</div>
  </div>`;
}
