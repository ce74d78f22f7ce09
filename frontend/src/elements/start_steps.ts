/** The steps of a start. */

import { html, type TemplateResult } from "lit";

import * as icons from "../icons";
import { libraryCount } from "../model/session_facts";
import type { Snapshot } from "../model/snapshot";
import { stopwatch } from "../model/times";
import type { Session } from "../model/types";
import type { Translate } from "../strings";
import { bdi } from "./templates";

export function startSteps(t: Translate, snapshot: Snapshot, session: Session, now: number): TemplateResult {
  return html`<div class="steps small">
    <div>${icons.icon(icons.check, "i")}<span>${t("sessionCreated")}</span><span></span></div>
    <div>
      ${icons.icon(icons.pending, "st-pending")}<span>${stepNow(t, snapshot, session)}</span
      ><span class="dim">${stopwatch(now - session.createdAt)}</span>
    </div>
    <div class="dim">${icons.icon(icons.kernel)}<span>${t("engineReady")}</span><span></span></div>
  </div>`;
}

/** The server's word of how far it is, else what the config asks for. */
function stepNow(t: Translate, snapshot: Snapshot, session: Session): unknown {
  const count = libraryCount(snapshot, session);
  if (session.statusMessage) {
    return bdi(session.statusMessage);
  }
  if (!count) {
    return t("startingEngine");
  }
  return count === 1 ? t("startingWithLibrary") : t("startingWithLibraries", { count });
}
