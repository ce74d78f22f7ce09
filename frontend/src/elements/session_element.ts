/** What the card and the panel share: the notebook's session, its buttons, its menu, and the questions before what
    cannot be taken back. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";

import * as icons from "../icons";
import { announcement } from "../model/announce";
import { failureOf, isAsked } from "../model/here";
import type { Menu, MenuItem } from "../model/menu";
import { sessionOfNotebook } from "../model/notebook_session";
import { editableConfig, hasLarger, keepChoices, pythonLine, running, type Running } from "../model/session_facts";
import { isOver } from "../model/countdown";
import { couldNotStart } from "../model/reasons";
import type { Snapshot } from "../model/snapshot";
import { isClosing, isKnown, stateOf, type State } from "../model/states";
import { sessionOf } from "../model/session_lookup";
import { duration } from "../model/times";
import type { Notebook, Session } from "../model/types";
import { Confirm } from "./confirm";
import { Copied } from "./copied";
import { SailElement } from "./element";
import type { Around } from "./here_notices";
import { ElementMenu } from "./menu";
import { losesKey } from "./session_menu";
import type { TabId, TabsContext } from "./session_tabs";
import { button, filled, iconButton, listed, refusal, type Piece } from "./templates";
import { Clock } from "./ticker";

export abstract class SessionElement extends SailElement {
  @property({ attribute: false }) notebook: Notebook | null = null;
  /** Another session than the notebook's. */
  @property({ attribute: false }) sessionId: string | null = null;

  /** Whether this element reads out what happens to the session. One of a page does. */
  @property({ type: Boolean }) announce = false;

  protected readonly clock = new Clock(this, () => this.snapshot?.skewMs ?? 0);
  protected readonly confirm = new Confirm(this);
  protected readonly menus = new ElementMenu(this);
  protected readonly copied = new Copied(this, (act) => this.ask(act));

  private askedIn: string | null = null;
  private said: { readonly session: string; readonly key: string; readonly text: string } | null = null;

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    const { snapshot, notebook, confirm } = this;
    const place = notebook?.path ?? null;
    const asked = snapshot && confirm.about !== null ? sessionOf(snapshot, confirm.about) : null;
    // A question does not outlive what it is about, nor go along to another notebook.
    if (confirm.about !== null && (place !== this.askedIn || asked === null || isOver(asked))) {
      confirm.forget();
    }
    this.askedIn = place;
  }

  protected get session(): Session | null {
    const { snapshot, sessionId, notebook } = this;
    if (!snapshot) {
      return null;
    }
    return sessionId === null ? sessionOfNotebook(snapshot, notebook) : sessionOf(snapshot, sessionId);
  }

  protected around(snapshot: Snapshot): Around {
    return { t: this.t, snapshot, clock: this.clock, ask: (act) => this.ask(act) };
  }

  protected tabsContext(choose: (tab: TabId) => void): TabsContext {
    const { t, source, copied } = this;
    const teams = this.snapshot?.me?.singleUser === false;
    return { t, source, now: this.clock.now(), teams, copied, ask: (act) => this.ask(act), choose };
  }

  /** Its mark and word now; the element renders again when they change. */
  protected stateNow(session: Session): State {
    const { snapshot } = this;
    const closing = snapshot !== null && isClosing(snapshot, session);
    const state = stateOf(this.t, session, this.clock.now(), snapshot?.link ?? "loading", closing);
    this.clock.changesAt(state.changesAt);
    return state;
  }

  protected runningNow(session: Session): Running | null {
    const { snapshot } = this;
    const runs = snapshot && isKnown(snapshot.link) ? running(this.t, snapshot, session, this.clock.now()) : null;
    this.clock.changesAt(runs?.changesAt);
    return runs;
  }

  /** At most two buttons with words, and the rest in a menu. */
  protected buttons(session: Session, state: State, runs: Running | null): TemplateResult[] {
    if (isOver(session)) {
      return this.endedButtons(session);
    }
    if (state.mark === "closed") {
      return [];
    }
    if (state.mark === "pending") {
      return [this.cancelButton(session), this.openButton(session, "log")];
    }
    if (runs) {
      return [this.interruptButton(session), this.openButton(session, "queries"), this.moreButton(session, runs)];
    }
    const keep = this.keepButton(session);
    if (state.mark === "soon" && session.timeoutReason === "max_duration") {
      return [this.relaunchButton(session), this.closeButton(session), this.moreButton(session, runs)];
    }
    const first = state.mark === "soon" && keep ? keep : this.openButton(session, "queries");
    return [first, this.closeButton(session), this.moreButton(session, runs)];
  }

  protected closeButton(session: Session): TemplateResult {
    return button(this.t("close"), () => this.askClose(session));
  }

  protected cancelButton(session: Session): TemplateResult {
    return button(this.t("cancel"), () => this.ask({ act: "close", sessionId: session.id }));
  }

  protected interruptButton(session: Session): TemplateResult {
    const asked = this.isAsked(session, "interrupt");
    const click = (): void => this.ask({ act: "interrupt", sessionId: session.id });
    return button(this.t(asked ? "interrupting" : "interrupt"), click, { shape: icons.stop, disabled: asked });
  }

  /** `null` where nothing lets it live longer. */
  protected keepButton(session: Session): TemplateResult | null {
    const [seconds] = keepChoices(session, this.snapshot?.me ?? null, this.clock.now());
    if (seconds === undefined) {
      return null;
    }
    const asked = this.isAsked(session, "keep");
    const label = asked ? this.t("keeping") : this.t("keepFor", { time: duration(this.t, seconds) });
    const click = (): void => this.ask({ act: "keep", sessionId: session.id, seconds });
    return button(label, click, { kind: "primary", shape: icons.later, disabled: asked });
  }

  protected relaunchButton(session: Session, label = this.t("relaunch"), primary = true): TemplateResult {
    const asked = this.isAsked(session, "relaunch");
    return button(asked ? this.t("relaunching") : label, () => this.askRelaunch(session), {
      ...(primary ? { kind: "primary" as const, shape: icons.again } : {}),
      disabled: asked,
    });
  }

  protected openButton(session: Session, tab: "queries" | "log", withIcon = true): TemplateResult {
    const shape = tab === "log" ? icons.log : icons.table;
    const click = (): void => this.openTab(session, tab);
    return button(this.t(tab === "log" ? "logTab" : "queriesTab"), click, withIcon ? { shape } : {});
  }

  protected chooseButton(label = this.t("choose"), kind: "primary" | "plain" = "plain"): TemplateResult {
    return button(label, () => this.choose(), { kind });
  }

  protected moreButton(session: Session, runs: Running | null): TemplateResult {
    const label = this.t("moreActions");
    const click = (event: Event): void =>
      this.menus.toggle(this.menuOf(session, runs), event.currentTarget as HTMLElement, label);
    return iconButton(icons.dots, label, click, { menu: true });
  }

  /** What stands in the menu of `More actions`; the panel adds its tabs. */
  protected menuOf(session: Session, runs: Running | null): Menu {
    const { t } = this;
    const open: MenuItem = {
      label: t("queriesAndLog"),
      shape: icons.table,
      run: () => this.openTab(session, "queries"),
    };
    const other: MenuItem = { label: t("otherConfig"), run: () => this.choose() };
    const copies: MenuItem[] = [
      { label: t("copyId"), shape: icons.copy, run: () => this.ask({ act: "copy", text: session.id }) },
    ];
    if (isOver(session)) {
      return [[open, other], copies];
    }
    if (session.marimo === null) {
      copies.push({ label: t("copyLine"), run: () => this.ask({ act: "copy", text: pythonLine(session) }) });
    }
    const close: MenuItem = { label: t("closeSession"), shape: icons.cross, run: () => this.askClose(session) };
    return [[open, other], this.menuWhileLive(session, runs), copies, [close]];
  }

  private menuWhileLive(session: Session, runs: Running | null): MenuItem[] {
    const { t } = this;
    const keeps = keepChoices(session, this.snapshot?.me ?? null, this.clock.now()).map((seconds, index) => ({
      label: t("keepFor", { time: duration(t, seconds) }),
      ...(index ? {} : { shape: icons.later }),
      run: () => this.ask({ act: "keep", sessionId: session.id, seconds }),
    }));
    const interrupt: MenuItem = {
      label: t("interruptRuns"),
      shape: icons.stop,
      disabled: !runs,
      run: () => this.ask({ act: "interrupt", sessionId: session.id }),
    };
    return [...keeps, interrupt, { label: t("relaunch"), shape: icons.again, run: () => this.askRelaunch(session) }];
  }

  private endedButtons(session: Session): TemplateResult[] {
    const { t, snapshot } = this;
    if (session.terminationReason === "start_failed" && snapshot) {
      const config = editableConfig(snapshot, session);
      const first = config
        ? button(t("editConfig"), () => this.ask({ act: "editConfig", configId: config.id }), { kind: "primary" })
        : this.chooseButton(t("choose"), "primary");
      return [first, this.openButton(session, "log", false), this.relaunchButton(session, t("retry"), false)];
    }
    const retry = couldNotStart(session) ? t("retry") : t("relaunch");
    if (session.status === "failed") {
      const larger = snapshot !== null && !couldNotStart(session) && hasLarger(snapshot, session);
      const choose = this.chooseButton(t(larger ? "larger" : "choose"));
      return [this.relaunchButton(session, retry), choose, this.openButton(session, "log", false)];
    }
    return [this.relaunchButton(session), this.chooseButton(), this.moreButton(session, null)];
  }

  protected askClose(session: Session): void {
    const { t } = this;
    this.confirm.ask({
      about: session.id,
      name: t("closeName"),
      text: html`${t("closeQuestion")} ${this.loses(session)}`,
      yes: t("closeSession"),
      no: t("keepIt"),
      act: () => this.ask({ act: "close", sessionId: session.id }),
    });
  }

  /** Of a live session it asks first, since what the session holds goes. */
  protected askRelaunch(session: Session): void {
    const { t } = this;
    const lost = this.notebook?.kernel.tempViews;
    const act = (): void => this.ask({ act: "relaunch", sessionId: session.id, ...(lost ? { lost } : {}) });
    if (isOver(session)) {
      act();
      return;
    }
    const text = html`${t("relaunchQuestion")} ${this.loses(session)}`;
    const words = { name: t("relaunchName"), text, yes: t("relaunch"), no: t("keepIt") };
    this.confirm.ask({ about: session.id, ...words, act });
  }

  protected openTab(session: Session, tab: "queries" | "log"): void {
    this.ask({ act: "openSession", sessionId: session.id, tab });
  }

  protected choose(): void {
    this.ask({ act: "choose" });
  }

  protected isAsked(session: Session, act: "keep" | "interrupt" | "relaunch"): boolean {
    return this.snapshot !== null && isAsked(this.snapshot, session, act);
  }

  /** What the API said to the last act on the session, where its button is. */
  protected refusedAct(session: Session): TemplateResult | null {
    const subject = `session:${session.id}`;
    const problem = failureOf(this.snapshot?.acts[subject]);
    const dismiss = button(this.t("gotIt"), () => this.ask({ act: "dismiss", subject }));
    return problem && refusal(this.t, problem, [dismiss]);
  }

  /** What a screen reader hears. The first state that the page shows is not read out: only changes are. */
  protected liveRegion(): TemplateResult | typeof nothing {
    const { session, snapshot } = this;
    if (!this.announce) {
      return nothing;
    }
    if (session && snapshot && isKnown(snapshot.link)) {
      const { key, text, changesAt } = announcement(this.t, session, this.clock.now());
      const isNew = this.said?.session !== session.id;
      if (this.said?.key !== key) {
        this.said = { session: session.id, key, text: isNew ? "" : text };
      }
      this.clock.changesAt(changesAt);
    }
    return html`<div class="sr" role="status">${this.said?.text ?? ""}</div>`;
  }

  private loses(session: Session): Piece[] | string {
    if (session.marimo) {
      return this.t(losesKey(session));
    }
    const views = this.notebook?.kernel.tempViews ?? null;
    if (views === null) {
      return this.t("losesUnknown");
    }
    return views.length
      ? filled(this.t, "losesViews", { views: html`${listed(this.t, views)}` })
      : this.t("losesNothing");
  }
}
