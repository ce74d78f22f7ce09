/** The tabs of a session, and what stands below them. They are one stop; the arrows move. */

import type { TemplateResult } from "lit";
import { html } from "lit/static-html.js";

import type { Session } from "../model/types";
import type { Source } from "../store/source";
import type { Key } from "../strings";
import "./log";
import "./queries";
import { sessionDetails, type DetailsContext } from "./session_details";
import { tags } from "./tags";

export type TabId = "queries" | "log" | "details";

const LABELS: Readonly<Record<TabId, Key>> = { queries: "queriesTab", log: "logTab", details: "detailsTab" };

export interface TabsContext extends DetailsContext {
  readonly source: Source | null;
  readonly choose: (tab: TabId) => void;
}

export function sessionTabs(session: Session, wanted: TabId, context: TabsContext): TemplateResult[] {
  const { t, choose } = context;
  // Others' queries are not for the caller.
  const all: readonly TabId[] = session.mine ? ["queries", "log", "details"] : ["log", "details"];
  const chosen = all.includes(wanted) ? wanted : "details";
  const onKey = (event: KeyboardEvent): void => {
    const [at, last] = [all.indexOf(chosen), all.length - 1];
    const to = { ArrowRight: at < last ? at + 1 : 0, ArrowLeft: at > 0 ? at - 1 : last, Home: 0, End: last }[event.key];
    const tab = to === undefined ? undefined : all[to];
    if (tab && to !== undefined) {
      event.preventDefault();
      choose(tab);
      (event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("[role=tab]")[to]?.focus();
    }
  };
  const one = (tab: TabId): TemplateResult =>
    html`<button
      type="button"
      role="tab"
      id="tab-${tab}"
      aria-controls="tab"
      aria-selected=${tab === chosen}
      tabindex=${tab === chosen ? 0 : -1}
      @click=${() => choose(tab)}
    >
      ${t(LABELS[tab])}
    </button>`;
  return [
    html`<div class="tabs" role="tablist" aria-label=${t("sessionTabs")} @keydown=${onKey}>${all.map(one)}</div>`,
    html`<div class="tab" id="tab" role="tabpanel" aria-labelledby="tab-${chosen}" tabindex="0">
      ${content(session, chosen, context)}
    </div>`,
  ];
}

function content(session: Session, chosen: TabId, context: TabsContext): TemplateResult {
  const { t, source } = context;
  switch (chosen) {
    case "queries":
      return html`<${tags.queries} .source=${source} .t=${t} .sessionId=${session.id}></${tags.queries}>`;
    case "log":
      return html`<${tags.log} .source=${source} .t=${t} .sessionId=${session.id}></${tags.log}>`;
    case "details":
      return sessionDetails(session, context);
  }
}
