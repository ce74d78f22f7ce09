/** `sail-here`: the card of a notebook's session, in each of its states. */

import { css, html, nothing, type TemplateResult } from "lit";

import { countdown } from "../model/countdown";
import { connectRefusal, hereState, relaunchBefore, usualConfig } from "../model/here";
import { endReason } from "../model/reasons";
import { factsOf } from "../model/sizes";
import type { Snapshot, Topic } from "../model/snapshot";
import { fileName, nameOf } from "../model/states";
import { duration, fullTime, nextSecond } from "../model/times";
import type { Notebook, Session } from "../model/types";
import { card } from "../styles/card";
import { blocks } from "../styles/blocks";
import { controls } from "../styles/controls";
import { marks } from "../styles/marks";
import { menu } from "../styles/menu";
import { notices } from "../styles/notices";
import { rows } from "../styles/rows";
import { tokens } from "../styles/tokens";
import { define } from "../version";
import { awayNotice, connectRefused, noticeOf, relaunchedNotice, type Around } from "./here_notices";
import { late } from "./late";
import { SessionElement } from "./session_element";
import { startSteps } from "./start_steps";
import { bdi, button, countdownLine, filled, joined, mark, sentence } from "./templates";

const host = css`
  :host {
    display: block;
    container-type: inline-size;
  }
`;

export class SailHere extends SessionElement {
  static override styles = [tokens, controls, blocks, marks, rows, card, notices, menu, late, host];

  protected override updated(): void {
    const session = this.session;
    const live = session !== null && session.closedAt === null && session.status !== "failed";
    const topics: Topic[] = live && session.mine ? [{ topic: "queries", sessionId: session.id }] : [];
    this.watchOnly(topics);
  }

  protected override render(): unknown {
    const { t, snapshot, notebook } = this;
    if (!snapshot) {
      return nothing;
    }
    const name = notebook ? t("cardName", { notebook: fileName(notebook.path) }) : t("cardNameNone");
    return html`<section aria-label=${name}>${this.content(snapshot)}</section>
      ${this.liveRegion()}${this.menus.template()}`;
  }

  private content(snapshot: Snapshot): unknown {
    const { t, notebook, session, copied } = this;
    const around = this.around(snapshot);
    const state = hereState(snapshot, notebook, session);
    switch (state) {
      case "away":
        return [awayNotice(around), session ? this.lastKnown(session) : nothing];
      case "noNotebook":
        return html`<div class="empty"><div class="dim">${t("noNotebook")}</div></div>`;
      case "waiting":
        return notebook && this.waiting(notebook);
      case "unknownConfig":
        return notebook && this.unknownConfig(notebook);
      case "starting":
        return session && this.starting(snapshot, session);
      case "live":
        return session && this.live(snapshot, session);
      case "ended":
        return session && this.ended(snapshot, session, around);
      case "none":
        return notebook && this.none(snapshot, notebook, around);
      default:
        return noticeOf(around, state, notebook, copied);
    }
  }

  private none(snapshot: Snapshot, notebook: Notebook, around: Around): unknown {
    const { t } = this;
    const refused = connectRefusal(snapshot, this.clock.now());
    const connecting = notebook.connecting === "connecting" || snapshot.acts["connect"]?.phase === "running";
    const blocked = refused !== null && refused.kind !== "other";
    const config = usualConfig(snapshot, notebook);
    const label = connecting ? t("connecting") : t("connect");
    const connect = button(label, () => this.ask({ act: "connect", choice: { config, remember: true } }), {
      kind: "primary",
      disabled: connecting || blocked,
    });
    const bar = html`<div class="bar">${connect}${this.chooseButton()}</div>`;
    if (refused) {
      const question = this.confirm.template();
      return [
        connectRefused(around, refused, (one) => this.askClose(one)),
        question === nothing ? nothing : html`<div class="here-card">${question}</div>`,
        html`<div class="empty">${bar}</div>`,
      ];
    }
    const starts = config ? filled(t, "connectStarts", { config: bdi(config) }) : t("connectStartsAny");
    return html`<div class="empty">
      <div>${filled(t, "noSessionHere", { notebook: bdi(fileName(notebook.path)) })}</div>
      ${bar}
      <div class="small dim">${starts}</div>
    </div>`;
  }

  private unknownConfig(notebook: Notebook): TemplateResult {
    const { t } = this;
    const names = { notebook: bdi(fileName(notebook.path)), config: bdi(notebook.remembered ?? "") };
    return html`<div class="empty">
      <div>${filled(t, "unknownConfig", names)}</div>
      <div class="bar">${this.chooseButton(t("choose"), "primary")}</div>
    </div>`;
  }

  private waiting(notebook: Notebook): TemplateResult {
    const { t } = this;
    const back = button(t("takeBack"), () => this.ask({ act: "cancel" }));
    return html`<div class="here-card">
      <div class="head">
        ${mark("pending")}<b class="clip grow" title=${notebook.name}>${bdi(notebook.name)}</b
        ><span>${t("waiting")}</span>
      </div>
      <div class="body">
        <div class="small">${t("busyKernel")}</div>
        <div class="bar">${back}</div>
      </div>
    </div>`;
  }

  private starting(snapshot: Snapshot, session: Session): TemplateResult {
    const state = this.stateNow(session);
    const now = this.clock.now();
    this.clock.changesAt(nextSecond(session.createdAt, now));
    const steps = html`<div class="meter"><i></i></div>
      ${startSteps(this.t, snapshot, session, now)}`;
    return this.card(session, state, [this.facts(session), steps, this.barOf(this.buttons(session, state, null))]);
  }

  private live(snapshot: Snapshot, session: Session): unknown {
    const state = this.stateNow(session);
    const runs = this.runningNow(session);
    const relaunched = relaunchBefore(snapshot, session);
    const asked = this.confirm.about !== null;
    const ends = asked || state.mark === "closed" ? nothing : this.endLine(session, runs?.text ?? "");
    const lines = [this.facts(session), ends, asked ? nothing : this.limitLine(session, state.mark)];
    const below = asked ? this.confirm.template() : this.barOf(this.buttons(session, state, runs?.text ? runs : null));
    return [
      this.card(session, state, [lines, this.refusedAct(session) ?? nothing, below]),
      relaunched ? relaunchedNotice(this.around(snapshot), relaunched) : nothing,
    ];
  }

  private ended(snapshot: Snapshot, session: Session, around: Around): unknown {
    const state = this.stateNow(session);
    const reason = endReason(this.t, session, snapshot.me?.limits?.startTimeoutSeconds ?? null);
    const text = html`<div class="small" title=${session.statusMessage ?? nothing}>${sentence(this.t, reason)}</div>`;
    const refused = connectRefusal(snapshot, this.clock.now());
    const question = this.confirm.template();
    const below = question === nothing ? this.barOf(this.buttons(session, state, null)) : question;
    return [
      refused ? connectRefused(around, refused, (one) => this.askClose(one)) : nothing,
      this.card(session, state, [text, this.refusedAct(session) ?? nothing, below]),
    ];
  }

  private lastKnown(session: Session): TemplateResult {
    return this.card(session, this.stateNow(session), [this.facts(session)], "stale");
  }

  private card(session: Session, state: ReturnType<SailHere["stateNow"]>, body: unknown, kind = ""): TemplateResult {
    const name = nameOf(session);
    const dim = state.mark === "closed" ? "dim" : "";
    const title = session.closedAt === null ? nothing : fullTime(session.closedAt);
    return html`<div class="here-card ${kind}">
      <div class="head">
        ${mark(state.mark)}<b class="clip grow" title=${name}>${bdi(name)}</b
        ><span class="word ${dim}" title=${title}>${state.word}</span>
      </div>
      <div class="body">${body}</div>
    </div>`;
  }

  private facts(session: Session): TemplateResult | typeof nothing {
    const facts = factsOf(this.t, session);
    return facts.length
      ? html`<div class="small dim facts" title=${facts.join(" · ")}>${joined(facts)}</div>`
      : nothing;
  }

  /** What runs, else when it closes: while a query runs it cannot close. */
  private endLine(session: Session, runs: string): TemplateResult | typeof nothing {
    if (runs) {
      return html`<div class="small clip" title=${runs}>${runs}</div>`;
    }
    const end = countdown(this.t, session, this.clock.now());
    this.clock.changesAt(end?.changesAt);
    const until = session.timeoutAt === null ? nothing : fullTime(session.timeoutAt);
    return end ? html`<div class="small" title=${until}>${countdownLine(end)}</div>` : nothing;
  }

  private limitLine(session: Session, name: string): TemplateResult | typeof nothing {
    if (name !== "soon" || session.timeoutReason !== "max_duration") {
      return nothing;
    }
    const { t } = this;
    const limit = session.maxDurationSeconds;
    const text = limit === null ? t("limitNearUnknown") : t("limitNear", { time: duration(t, limit) });
    return html`<div class="small dim">${text}</div>`;
  }

  private barOf(buttons: readonly TemplateResult[]): TemplateResult | typeof nothing {
    return buttons.length ? html`<div class="bar">${buttons}</div>` : nothing;
  }
}

define("here", SailHere);
