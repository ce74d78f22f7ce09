/** What the list and the table of sessions share: what is shown and chosen, questions in place, keys, and menus. */

import type { PropertyValues } from "lit";
import { property, state } from "lit/decorators.js";

import { isOver } from "../model/countdown";
import { isOpenable } from "../model/marimo";
import type { Menu } from "../model/menu";
import { extended, toggled } from "../model/selection";
import { inScope, matches, scopesOf } from "../model/session_order";
import { sessionOfNotebook } from "../model/notebook_session";
import { sessionOf } from "../model/session_lookup";
import { nameOf } from "../model/states";
import type { Session } from "../model/types";
import { VIEW_EVENT, type SessionsView } from "../model/view";
import { ListElement } from "./list_element";
import { Pages } from "./pages";
import { isOnControl, rowId } from "./row_nodes";
import { isUsable, losesKey, openAct, sessionMenu, useAct, type SessionActions } from "./session_menu";

export abstract class SessionLister extends ListElement {
  /** `mine`, `all`, or `team:` and a team's id. */
  @property() scope = "mine";
  /** Ids of the sessions that are chosen to be closed together. */
  @property({ attribute: false }) selected: readonly string[] = [];
  @state() private choosing = false;

  protected readonly pages = new Pages((topics) => this.watchOnly(topics));
  private lastChosen: string | null = null;

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    const { about } = this.confirm;
    if (about !== null && !this.isLive(about)) {
      this.confirm.forget();
    }
  }

  protected override subjectOf(id: string): string {
    return `session:${id}`;
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

  /** The selected sessions that still live. */
  protected get chosen(): Session[] {
    return this.selected.flatMap((id) => this.sessionOf(id) ?? []).filter((session) => !isOver(session));
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

  /** Changes what is shown, and tells the host. */
  protected show(changes: Partial<SessionsView>): void {
    Object.assign(this, changes);
    const { viewDetail: detail } = this;
    this.dispatchEvent(new CustomEvent(VIEW_EVENT, { detail, bubbles: true, composed: true }));
  }

  /** What the host is told. */
  protected get viewDetail(): SessionsView {
    const { scope, filter, selected } = this;
    return { scope, filter, selected };
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
      const text = `${t("closeQuestion")} ${t(losesKey(session))}`;
      this.confirm.ask({
        about: session.id,
        name: nameOf(session),
        text,
        yes: t("closeSession"),
        no: t("keepIt"),
        act,
      });
    }
  }

  private relaunch(session: Session): void {
    const { t } = this;
    const act = (): void => this.ask({ act: "relaunch", sessionId: session.id });
    if (isOver(session)) {
      act();
    } else {
      const text = `${t("relaunchQuestion")} ${t(losesKey(session))}`;
      this.confirm.ask({ about: session.id, name: nameOf(session), text, yes: t("relaunch"), no: t("keepIt"), act });
    }
  }

  private startSelecting(session: Session): void {
    this.choosing = true;
    this.lastChosen = session.id;
    this.show({ selected: toggled(this.selected, session.id) });
  }

  protected clearSelection(): void {
    this.choosing = false;
    this.show({ selected: [] });
  }

  protected closeSelected(): void {
    this.ask({ act: "closeMany", sessionIds: this.chosen.map(({ id }) => id) });
  }

  protected toggle(id: string, range: boolean): void {
    const order = this.rows.ids.filter((one) => this.isLive(one));
    this.show({
      selected: range ? extended(this.selected, order, this.lastChosen, id) : toggled(this.selected, id),
    });
    this.lastChosen = id;
  }

  private isLive(id: string): boolean {
    const session = this.sessionOf(id);
    return session !== null && !isOver(session);
  }

  protected override readonly onClick = (event: MouseEvent): void => {
    const session = this.clicked(event);
    if (!session) {
      return;
    }
    if (this.isTeam && !isOver(session) && (event.shiftKey || event.ctrlKey || event.metaKey)) {
      this.toggle(session.id, event.shiftKey);
    } else {
      this.current = session.id;
    }
  };

  protected override readonly onDoubleClick = (event: MouseEvent): void => {
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

  protected override readonly onContextMenu = (event: MouseEvent): void => {
    const id = rowId(event);
    const session = id === null ? null : this.sessionOf(id);
    if (session) {
      this.onRightClick(session.id, this.menuOf(session), nameOf(session), event);
    }
  };

  protected menuOf(session: Session): Menu {
    return sessionMenu(session, this.actions(this.clock.now()));
  }

  protected override readonly onKey = (event: KeyboardEvent): void => {
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
    const known = this.isKnown;
    if (key === "Delete" && known && !isOver(session)) {
      this.close(session);
    } else if (key === "Enter" && known && isOpenable(session)) {
      this.ask(openAct(session));
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
      this.show({ filter: "" });
    } else {
      return false;
    }
    return true;
  }
}
