/** What the list and the table of sessions share: what is shown and chosen, questions in place, keys, and menus. */

import { html, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";

import { isOver } from "../model/countdown";
import { extended, toggled } from "../model/selection";
import { inScope, matches, scopesOf } from "../model/session_order";
import { sessionOfNotebook } from "../model/notebook_session";
import { sessionOf } from "../model/session_lookup";
import { isKnown, nameOf } from "../model/states";
import type { Notebook, Problem, Session } from "../model/types";
import { Confirm } from "./confirm";
import { SailElement } from "./element";
import { ElementMenu } from "./menu";
import { Pages } from "./pages";
import { RowList, type Entry } from "./row_list";
import { isOnControl, rowId } from "./row_nodes";
import { isUsable, sessionMenu, useAct, type SessionActions } from "./session_menu";
import { button, refusal } from "./templates";
import { Clock } from "./ticker";

/** Tells the host what the reader chose to see, so that it can bring it back. */
export const VIEW_EVENT = "sail-view";

export interface SessionsView {
  readonly scope: string;
  readonly filter: string;
  readonly selected: readonly string[];
}

const QUESTION = "question:";

export abstract class SessionLister extends SailElement {
  /** `mine`, `all`, or `team:` and a team's id. */
  @property() scope = "mine";
  @property() filter = "";
  /** Ids of the sessions that are chosen to be closed together. */
  @property({ attribute: false }) selected: readonly string[] = [];
  /** The current notebook. */
  @property({ attribute: false }) notebook: Notebook | null = null;

  /** The row that was clicked last. */
  @state() protected current: string | null = null;
  @state() private choosing = false;

  protected readonly rows: RowList = this.makeRows();
  protected readonly confirm = new Confirm(this);
  protected readonly pages = new Pages((topics) => this.watchOnly(topics));
  protected readonly menu = new ElementMenu(this);
  protected readonly clock = new Clock(this, () => this.snapshot?.skewMs ?? 0);
  private lastChosen: string | null = null;

  protected makeRows(): RowList {
    return new RowList(this);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("scroll", this.rows.onScroll, { passive: true });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener("scroll", this.rows.onScroll);
  }

  /** Puts the focus on the row that has the tab stop. */
  override focus(): void {
    this.rows.focusRow();
  }

  /** Id of the current notebook's session. */
  protected get hereId(): string | null {
    return (this.snapshot && sessionOfNotebook(this.snapshot, this.notebook)?.id) ?? null;
  }

  protected get isTeam(): boolean {
    return this.snapshot?.me?.singleUser === false;
  }

  protected get isSelecting(): boolean {
    return this.isTeam && (this.choosing || this.selected.length > 0);
  }

  /** Whether all sessions of the server are here. */
  protected get hasEnd(): boolean {
    const { items, total } = this.snapshot?.sessions ?? {};
    return total == null || (items?.length ?? 0) >= total;
  }

  /** A filter looks at all sessions, so the rest is loaded first. */
  protected get isLoadingRest(): boolean {
    return this.filter !== "" && !this.hasEnd;
  }

  protected matching(sessions: readonly Session[]): Session[] {
    const scope = scopesOf(this.snapshot?.me ?? null).includes(this.scope) ? this.scope : "mine";
    return sessions.filter((session) => inScope(session, scope) && matches(session, this.filter));
  }

  protected sessionOf(id: string): Session | null {
    return this.snapshot && sessionOf(this.snapshot, id);
  }

  protected isHot(id: string): boolean {
    const { rows, current, confirm } = this;
    return rows.hovered === id || current === id || confirm.about === id || (rows.hasFocus && rows.active === id);
  }

  /** Changes what is shown, and tells the host. */
  protected view(changes: Partial<SessionsView>): void {
    Object.assign(this, changes);
    const { scope, filter, selected } = this;
    const detail: SessionsView = { scope, filter, selected };
    this.dispatchEvent(new CustomEvent(VIEW_EVENT, { detail, bubbles: true, composed: true }));
  }

  /** A row, and below it the question or the refusal that is about it. */
  protected withQuestion(session: Session): Entry[] {
    const row: Entry = { id: session.id, kind: "row", name: nameOf(session) };
    const asks = this.confirm.about === session.id || this.failureOf(session.id);
    return asks ? [row, { id: QUESTION + session.id, kind: "free", name: "" }] : [row];
  }

  protected question(entryId: string): TemplateResult {
    const { t } = this;
    const id = entryId.slice(QUESTION.length);
    const session = this.sessionOf(id);
    const problem = this.failureOf(id);
    if (this.confirm.about === id || !problem) {
      return html`<div class="under">${this.confirm.template(session ? nameOf(session) : "")}</div>`;
    }
    const dismiss = (): void => this.ask({ act: "dismiss", subject: `session:${id}` });
    return refusal(t, problem, [button(t("dismiss"), dismiss)]);
  }

  private failureOf(id: string): Problem | null {
    const state = this.snapshot?.acts[`session:${id}`];
    return state?.phase === "failed" ? state.problem : null;
  }

  protected actions(now: number): SessionActions {
    return {
      t: this.t,
      me: this.snapshot?.me ?? null,
      now,
      here: this.hereId,
      currentNotebook: this.notebook?.path ?? null,
      ask: (act) => this.ask(act),
      close: (session) => this.close(session),
      relaunch: (session) => this.relaunch(session),
      ...(this.isTeam ? { select: (session: Session) => this.startSelecting(session) } : {}),
    };
  }

  private close(session: Session): void {
    const { t } = this;
    const act = (): void => this.ask({ act: "close", sessionId: session.id });
    // The host asks for the reason that the owner of another's session is told.
    if (!session.mine || (session.status === "pending" && !session.ready)) {
      act();
    } else {
      const text = `${t("closeQuestion")} ${t("losesUnknown")}`;
      this.confirm.ask({ about: session.id, text, yes: t("closeSession"), no: t("keepIt"), act });
    }
  }

  private relaunch(session: Session): void {
    const { t } = this;
    const act = (): void => this.ask({ act: "relaunch", sessionId: session.id });
    if (isOver(session)) {
      act();
    } else {
      const text = `${t("relaunchQuestion")} ${t("losesUnknown")}`;
      this.confirm.ask({ about: session.id, text, yes: t("relaunch"), no: t("keepIt"), act });
    }
  }

  private startSelecting(session: Session): void {
    this.choosing = true;
    this.lastChosen = session.id;
    this.view({ selected: toggled(this.selected, session.id) });
  }

  protected clearSelection(): void {
    this.choosing = false;
    this.view({ selected: [] });
  }

  protected closeSelected(): void {
    this.ask({ act: "closeMany", sessionIds: this.selected });
  }

  protected toggle(id: string, range: boolean): void {
    const order = this.rows.ids;
    this.view({
      selected: range ? extended(this.selected, order, this.lastChosen, id) : toggled(this.selected, id),
    });
    this.lastChosen = id;
  }

  protected readonly onClick = (event: MouseEvent): void => {
    const session = this.clicked(event);
    if (!session) {
      return;
    }
    if (this.isTeam && (event.shiftKey || event.ctrlKey || event.metaKey)) {
      this.toggle(session.id, event.shiftKey);
    } else {
      this.current = session.id;
    }
  };

  protected readonly onDoubleClick = (event: MouseEvent): void => {
    const session = this.clicked(event);
    if (session) {
      this.ask({ act: "openSession", sessionId: session.id });
    }
  };

  /** The session of the row that was clicked beside its controls. */
  private clicked(event: MouseEvent): Session | null {
    const id = isOnControl(event) ? null : rowId(event);
    return id === null ? null : this.sessionOf(id);
  }

  protected readonly onContextMenu = (event: MouseEvent): void => {
    const id = rowId(event);
    const session = id === null ? null : this.sessionOf(id);
    if (session && !event.shiftKey) {
      event.preventDefault();
      event.stopPropagation();
      this.showMenu(session, event, { x: event.clientX, y: event.clientY });
    }
  };

  protected onMore(session: Session, event: Event): void {
    const { left, bottom } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    this.showMenu(session, event, { x: left, y: bottom });
  }

  private showMenu(session: Session, event: Event, place: { x: number; y: number }): void {
    const row = event.composedPath().find((node) => node instanceof HTMLElement && node.dataset.id === session.id);
    if (row instanceof HTMLElement && this.snapshot && isKnown(this.snapshot.link)) {
      this.menu.open(sessionMenu(session, this.actions(this.clock.now())), row, nameOf(session), place);
    }
  }

  protected readonly onKey = (event: KeyboardEvent): void => {
    const onRow = event.target instanceof HTMLElement && event.target.dataset.kind === "row";
    if (this.rows.onKey(event) || (event.key !== "Escape" && !onRow) || event.defaultPrevented) {
      return;
    }
    const session = this.rows.active === null ? null : this.sessionOf(this.rows.active);
    if (event.key === "Escape" ? this.giveUp() : session && this.onRowKey(session, event.key)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  private onRowKey(session: Session, key: string): boolean {
    const actions = this.actions(this.clock.now());
    const known = this.snapshot !== null && isKnown(this.snapshot.link);
    if (key === "Delete" && known && !isOver(session)) {
      this.close(session);
    } else if (key === "Enter" && known && isUsable(session, actions)) {
      this.ask(useAct(session));
    } else if (key === "Enter" || key === " ") {
      this.ask({ act: "openSession", sessionId: session.id });
    } else {
      return false;
    }
    return true;
  }

  /** Escape gives up the selection, then the filter.

      @returns whether there was something to give up. */
  private giveUp(): boolean {
    if (this.isSelecting) {
      this.clearSelection();
    } else if (this.current !== null) {
      this.current = null;
    } else if (this.filter) {
      this.view({ filter: "" });
    } else {
      return false;
    }
    return true;
  }
}
