/** `sail-panel`: the panel in a cell. Without a session it shows the picker, with one its queries, log and details. */

import { nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { html } from "lit/static-html.js";

import * as icons from "../icons";
import type { ActEvent } from "../model/acts";
import { countdown, isOver } from "../model/countdown";
import { hereState, relaunchBefore } from "../model/here";
import type { Menu, MenuItem } from "../model/menu";
import { ownLive, usualStart, type Running } from "../model/session_facts";
import { factsOf } from "../model/sizes";
import type { Snapshot, Topic } from "../model/snapshot";
import { nameOf, type State } from "../model/states";
import { fullTime, nextSecond, stopwatch } from "../model/times";
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
import { tags } from "./tags";
import { awayNotice, noticeOf, relaunchedNotice, type Around } from "./here_notices";
import { late } from "./late";
import "./picker";
import { endedText, frozenNotice, savedPicture } from "./panel_parts";
import { SessionElement } from "./session_element";
import { sessionTabs, type TabId } from "./session_tabs";
import { startSteps } from "./start_steps";
import { bdi, button, countdownLine, joined, mark } from "./templates";
import { roughly } from "../model/picker";

export class SailPanel extends SessionElement {
  static override styles = [tokens, controls, blocks, marks, card, facts, notices, menu, late, panel];

  /** Of a saved notebook: text as of then, and nothing to click. */
  @property({ type: Boolean }) saved = false;

  @state() private tab: TabId = "queries";
  /** Of an ended session: its queries or its log are looked at. */
  @state() private looking = false;
  @state() private choosing = false;

  private shownId: string | null = null;

  /** The picker stays until what was chosen is here, so that a refusal shows where Connect is. */
  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    const id = this.session?.id ?? null;
    if (id !== this.shownId) {
      this.shownId = id;
      this.choosing = this.looking = false;
    }
  }

  protected override updated(): void {
    const { session } = this;
    const topics: Topic[] = session?.mine && !this.saved ? [{ topic: "queries", sessionId: session.id }] : [];
    const kernelId = session?.status === "pending" ? session.kernelId : null;
    this.watchOnly(kernelId ? [...topics, { topic: "estimates", kernelId }] : topics);
  }

  protected override render(): unknown {
    const { snapshot, session, t } = this;
    if (!snapshot) {
      return nothing;
    }
    if (this.saved) {
      return savedPicture(t, snapshot, session);
    }
    const name = session ? nameOf(session) : t("cardNameNone");
    return html`<section class="panel" aria-label=${name} @sail-act=${this.onAct}>${this.content(snapshot)}</section>
      ${this.liveRegion()}${this.menus.template()}`;
  }

  private content(snapshot: Snapshot): unknown {
    const { notebook, session, copied } = this;
    const around = this.around(snapshot);
    const state = hereState(snapshot, notebook, session);
    const told = noticeOf(around, state, notebook, copied);
    if (told) {
      return told;
    }
    switch (state) {
      case "away":
        return [this.away(around, session), session ? this.header(session, "stale") : nothing];
      case "starting":
        return session && this.starting(snapshot, session);
      case "live":
        return session && this.choosing ? this.connect(snapshot) : session && this.live(snapshot, session);
      case "ended":
        return session && this.choosing ? this.connect(snapshot) : session && this.ended(snapshot, session);
      default:
        return this.connect(snapshot);
    }
  }

  private away(around: Around, session: Session | null): TemplateResult {
    return around.snapshot.link === "frozen" ? frozenNotice(around, session) : awayNotice(around);
  }

  /** The picker, below what this notebook is about to do. */
  private connect(snapshot: Snapshot): TemplateResult {
    const { t, notebook } = this;
    const limit = snapshot.me?.sessionsPerMember ?? null;
    const own =
      snapshot.me?.singleUser || limit === null ? "" : t("ofSessions", { count: ownLive(snapshot).length, limit });
    const waits =
      notebook?.connecting === "waiting"
        ? html`<div class="said small">
            ${t("busyKernel")} ${button(t("takeBack"), () => this.ask({ act: "cancel" }))}
          </div>`
        : nothing;
    return html`<header>
        ${icons.icon(icons.sail, "i")}<b class="grow">${t("connectThis")}</b><span class="small dim">${own}</span>
      </header>
      ${waits}
      <${tags.picker}
        .source=${this.source}
        .t=${t}
        .notebook=${notebook}
        .cancelable=${this.choosing}
      ></${tags.picker}>`;
  }

  private starting(snapshot: Snapshot, session: Session): unknown {
    const { t, source } = this;
    const now = this.clock.now();
    this.clock.changesAt(nextSecond(session.createdAt, now));
    const usual = usualStart(snapshot, session);
    const time = stopwatch(now - session.createdAt);
    const often = usual === null ? time : t("often", { time, usual: roughly(t, usual) });
    return [
      this.header(session, "only", html`<span class="small dim end">${often}</span>`, [this.cancelButton(session)]),
      html`<div class="cols">
        <div class="said">${startSteps(t, snapshot, session, now)}</div>
        <${tags.log} .source=${source} .t=${t} .sessionId=${session.id}></${tags.log}>
      </div>`,
    ];
  }

  private live(snapshot: Snapshot, session: Session): unknown {
    const state = this.stateNow(session);
    const runs = this.runningNow(session);
    const buttons = this.panelButtons(session, state);
    const more = state.mark === "closed" ? nothing : this.moreButton(session, runs);
    const question = this.confirm.template();
    const again = relaunchBefore(snapshot, session);
    return [
      this.header(session, "", this.endOf(session, state, runs), [...buttons, more]),
      question === nothing ? nothing : html`<div class="said">${question}</div>`,
      this.refusedPart(session),
      again ? relaunchedNotice(this.around(snapshot), again) : nothing,
      this.tabs(session),
      this.footer(session, [...buttons], more),
    ];
  }

  private ended(snapshot: Snapshot, session: Session): unknown {
    const { t } = this;
    const state = this.stateNow(session);
    const total = snapshot.queries[session.id]?.total ?? null;
    const label = total === null ? t("queriesTab") : t("queriesCount", { count: total });
    const look = button(label, () => this.openTab(session, "queries"), { kind: "link" });
    return [
      this.header(session),
      html`<div class="said" title=${session.statusMessage ?? nothing}>
        ${endedText(t, snapshot, session, this.notebook)}
      </div>`,
      this.refusedPart(session),
      this.looking ? this.tabs(session) : nothing,
      html`<footer class="always">
        ${this.buttons(session, state, null).slice(0, state.mark === "failed" ? 3 : 2)}<span class="grow"></span>${
          this.looking ? this.moreButton(session, null) : look
        }
      </footer>`,
    ];
  }

  private refusedPart(session: Session): TemplateResult | typeof nothing {
    const shown = this.snapshot?.acts[`session:${session.id}`]?.act.act;
    const inList = shown === "interrupt" && this.tab === "queries";
    return (inList ? null : this.refusedAct(session)) ?? nothing;
  }

  /** Beside the menu: what helps when it closes soon, and Close. */
  private panelButtons(session: Session, state: State): TemplateResult[] {
    if (state.mark === "closed" || isOver(session)) {
      return [];
    }
    const limit = session.timeoutReason === "max_duration";
    const helps = state.mark === "soon" ? (limit ? this.relaunchButton(session) : this.keepButton(session)) : null;
    return helps ? [helps, this.closeButton(session)] : [this.closeButton(session)];
  }

  private header(
    session: Session,
    kind = "",
    end: unknown = nothing,
    buttons: readonly unknown[] = [],
  ): TemplateResult {
    const state = this.stateNow(session);
    const told = factsOf(this.t, session);
    const name = nameOf(session);
    const title = session.closedAt === null ? nothing : fullTime(session.closedAt);
    return html`<header class=${kind}>
      ${mark(state.mark)}<b class="clip" title=${name}>${bdi(name)}</b
      ><span class="word ${state.mark === "closed" ? "dim" : ""}" title=${title}>${state.word}</span
      ><span class="facts clip grow" title=${told.join(" · ")}>${joined(told)}</span>${end}<span
        class="bar ${kind === "only" ? "only" : "wide"}"
        >${buttons}</span
      >
    </header>`;
  }

  private endOf(session: Session, state: State, runs: Running | null): unknown {
    if (runs?.text) {
      return html`<span class="small clip end" title=${runs.text}>${runs.brief}</span>`;
    }
    const end = state.mark === "closed" ? null : countdown(this.t, session, this.clock.now());
    this.clock.changesAt(end?.changesAt);
    const title = session.timeoutAt === null ? nothing : fullTime(session.timeoutAt);
    return end ? html`<span class="small end" title=${title}>${countdownLine(end)}</span>` : nothing;
  }

  private footer(session: Session, buttons: readonly unknown[], more: unknown): TemplateResult {
    const told = factsOf(this.t, session);
    return html`<footer>
      ${buttons}<span class="small dim clip grow told" title=${told.join(" · ")}>${joined(told)}</span>${more}
    </footer>`;
  }

  private tabs(session: Session): TemplateResult[] {
    return sessionTabs(
      session,
      this.tab,
      this.tabsContext((tab) => (this.tab = tab)),
    );
  }

  protected override menuOf(session: Session, runs: Running | null): Menu {
    const { t } = this;
    const [, ...rest] = super.menuOf(session, runs);
    const item = (tab: TabId, label: string): MenuItem => ({ label, run: () => this.show(tab) });
    const open = [
      { ...item("queries", t("queriesTab")), shape: icons.table },
      { ...item("log", t("logTab")), shape: icons.log },
      item("details", t("detailsTab")),
    ];
    return [open, [{ label: t("otherConfig"), run: () => this.choose() }], ...rest];
  }

  protected override openTab(_session: Session, tab: "queries" | "log"): void {
    this.show(tab);
  }

  protected override choose(): void {
    this.choosing = true;
  }

  private show(tab: TabId): void {
    this.tab = tab;
    this.looking = true;
  }

  /** The picker's Cancel gives up choosing, which is the panel's own business. */
  private readonly onAct = (event: Event): void => {
    const { detail } = event as ActEvent;
    if (detail.act === "connect" && detail.choice.sessionId === this.shownId) {
      this.choosing = false;
    } else if (detail.act === "cancel" && this.choosing) {
      event.stopPropagation();
      this.choosing = false;
    }
  };
}

define("panel", SailPanel);
