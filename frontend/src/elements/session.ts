/** `sail-session`: a session in the main area: its state, queries, log and details. */

import { css, html, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import * as icons from "../icons";
import { countdown, isOver } from "../model/countdown";
import { isOpenable } from "../model/marimo";
import type { Menu } from "../model/menu";
import { couldNotStart } from "../model/reasons";
import { editableConfig, type Running } from "../model/session_facts";
import { costText, sizeText } from "../model/sizes";
import type { Topic } from "../model/snapshot";
import { nameOf, type State } from "../model/states";
import { fullTime } from "../model/times";
import type { Session } from "../model/types";
import { card } from "../styles/card";
import { blocks } from "../styles/blocks";
import { controls } from "../styles/controls";
import { facts } from "../styles/facts";
import { marks } from "../styles/marks";
import { menu } from "../styles/menu";
import { notices } from "../styles/notices";
import { panel } from "../styles/panel";
import { tokens } from "../styles/tokens";
import { define } from "../version";
import { late, loadingBars } from "./late";
import { loadFailure } from "./load_failure";
import { namesLine } from "./names_line";
import { SessionElement } from "./session_element";
import { openAct } from "./session_menu";
import { marimoTag } from "./session_row";
import { sessionTabs, type TabId } from "./session_tabs";
import { bdi, button, countdownText, filled, mark, notice } from "./templates";

const page = css`
  :host {
    display: block;
    height: 100%;
    max-width: none;
    overflow-y: auto;
    container-type: inline-size;
  }
  /* A page has no frame, and its tabs are in no menu: they stay. */
  .panel {
    border-width: 0 0 1px;
    border-radius: 0;
  }
  .tabs {
    display: flex;
  }
  .panel > .tab {
    max-height: none;
    --ls-log-height: none;
  }
  .panel > header {
    flex-wrap: nowrap;
  }
  .panel > header > .facts {
    display: block;
  }
  .panel > header > .word {
    flex: none;
  }
  .panel > header > b.clip {
    max-width: 40cqw;
  }
  .panel > header > * {
    flex: none;
  }
  .panel > header > .facts {
    flex: 1 1 0;
  }
  .ask {
    padding: 8px 12px;
    border-bottom: 1px solid var(--ls-line);
  }
  @container (max-width: 539px) {
    .panel > header {
      flex-wrap: wrap;
    }
    .panel > header > .word {
      flex: 1 0 auto;
    }
    .panel > header > .end,
    .panel > header > .facts {
      order: 1;
      flex: 1 0 100%;
    }
    .panel > header > .end {
      white-space: normal;
    }
  }
`;

export class SailSession extends SessionElement {
  static override styles = [tokens, controls, blocks, marks, menu, notices, panel, facts, card, late, page];

  @property() tab: TabId = "queries";

  protected override updated(): void {
    const { sessionId, snapshot } = this;
    const listed = snapshot?.sessions.items?.some(({ id }) => id === sessionId) ?? false;
    const topics: Topic[] = sessionId !== null && snapshot && !listed ? [{ topic: "session", sessionId }] : [];
    this.watchOnly(topics);
  }

  protected override render(): unknown {
    const { t, snapshot, session } = this;
    if (!snapshot || this.sessionId === null) {
      return nothing;
    }
    return session ? [this.shown(session), this.menus.template()] : this.absent(this.sessionId, t("sessionLoading"));
  }

  private absent(id: string, loading: string): TemplateResult {
    const { t, snapshot } = this;
    const problem = snapshot?.missing?.[id];
    if (!problem) {
      return loadingBars(loading);
    }
    if (problem.code !== "NOT_FOUND" && problem.status !== 404) {
      return loadFailure(t, "sessionFailed", problem, () => this.ask({ act: "retry" }));
    }
    return notice({
      kind: "info",
      text: html`<b>${filled(t, "sessionGone", { id: bdi(id) })}</b> ${t("sessionGoneWhy")}`,
    });
  }

  private shown(session: Session): TemplateResult {
    const context = this.tabsContext((tab) => (this.tab = tab));
    return html`<section class="panel" aria-label=${nameOf(session)}>
      ${this.header(session)} ${this.questions(session)} ${sessionTabs(session, this.tab, context)}
    </section>`;
  }

  private header(session: Session): TemplateResult {
    const { t } = this;
    const name = nameOf(session);
    const state = this.stateNow(session);
    const runs = this.runningNow(session);
    const { configName, size } = session;
    const line = [configName, size && sizeText(t, size), costText(t, session)].flatMap((part) => part || []);
    return html`<header>
      ${mark(state.mark)}<b class="clip" title=${name}>${bdi(name)}</b>${marimoTag(t, session)}
      <span class="word" title=${session.closedAt === null ? nothing : fullTime(session.closedAt)}>${state.word}</span>
      <span class="facts clip grow" title=${line.join(" · ")}>${namesLine(line)}</span>
      ${this.end(session, state, runs)}<span class="bar">${this.headButtons(session, state, runs)}</span>
    </header>`;
  }

  private end(session: Session, state: State, runs: Running | null): unknown {
    if (runs?.text) {
      return html`<span class="small end">${runs.text}</span>`;
    }
    const shown = !isOver(session) && !["unknown", "closed", "pending"].includes(state.mark);
    const end = shown ? countdown(this.t, session, this.clock.now()) : null;
    this.clock.changesAt(end?.changesAt);
    return end ? html`<span class="small end">${countdownText(end, end.text)}</span>` : nothing;
  }

  private headButtons(session: Session, state: State, runs: Running | null): unknown {
    if (!session.mine || state.mark === "unknown") {
      return session.mine || isOver(session) || state.mark === "unknown" ? nothing : this.closeButton(session);
    }
    if (isOver(session)) {
      return this.againButtons(session);
    }
    if (state.mark === "closed") {
      return nothing;
    }
    const open = isOpenable(session) ? this.openPageButton(session) : nothing;
    if (state.mark === "pending") {
      return [open, this.cancelButton(session)];
    }
    const keep = state.mark === "soon" ? this.keepButton(session) : null;
    return [open, runs ? this.interruptButton(session) : (keep ?? nothing), this.moreButton(session, runs)];
  }

  private openPageButton(session: Session): TemplateResult {
    const { t } = this;
    const options = { kind: "primary", shape: icons.launch, title: t("openMarimoTab") } as const;
    return button(t("openMarimo"), () => this.ask(openAct(session)), options);
  }

  private againButtons(session: Session): TemplateResult[] {
    const { t, snapshot } = this;
    const config = snapshot && session.terminationReason === "start_failed" ? editableConfig(snapshot, session) : null;
    const label = t(couldNotStart(session) ? "retry" : "relaunch");
    if (!config) {
      return [this.relaunchButton(session, label)];
    }
    const edit = (): void => this.ask({ act: "editConfig", configId: config.id });
    return [button(t("editConfig"), edit, { kind: "primary" }), this.relaunchButton(session, label, false)];
  }

  private questions(session: Session): unknown {
    const question = this.confirm.template();
    return [question === nothing ? nothing : html`<div class="ask">${question}</div>`, this.refusedAct(session)];
  }

  /** Its tabs stand below, so the menu does not name them. */
  protected override menuOf(session: Session, runs: Running | null): Menu {
    return super.menuOf(session, runs).slice(1);
  }

  /** The owner of another's session is told why; the host asks for that. */
  protected override askClose(session: Session): void {
    if (session.mine) {
      super.askClose(session);
    } else {
      this.ask({ act: "close", sessionId: session.id });
    }
  }
}

define("session", SailSession);
