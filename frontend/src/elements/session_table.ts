/** `sail-session-table`: many sessions as a table that sorts, filters and selects. `sail-sessions` draws it as its layout
    `table`, where this module is loaded. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import * as icons from "../icons";
import { isOver } from "../model/countdown";
import { selectedText } from "../model/selection";
import { frozen, inScope, liveCount } from "../model/session_order";
import type { Loaded, Topic } from "../model/snapshot";
import { nameOf } from "../model/states";
import { NEWEST_FIRST, SORT_KEYS, sorted, summary, type Sort } from "../model/table_order";
import type { Session } from "../model/types";
import type { SessionsView } from "../model/view";
import { blocks } from "../styles/blocks";
import { controls } from "../styles/controls";
import { marks } from "../styles/marks";
import { menu } from "../styles/menu";
import { notices } from "../styles/notices";
import { table } from "../styles/table";
import { tokens } from "../styles/tokens";
import { tools } from "../styles/tools";
import { define } from "../version";
import { late, loadingBars } from "./late";
import { loadFailure } from "./load_failure";
import { manyClosed } from "./many_closed";
import { RowList, type Entry } from "./row_list";
import { SessionLister } from "./session_lister";
import { rowFacts, spokenRow } from "./session_row";
import { bodyCell, checkCell, columnsOf, gapRow, headCell } from "./table_columns";
import { tableStyles } from "./table_styles";
import { choice, scopeChoice, selectionBar } from "./team_parts";
import { bdi, button, filled, iconButton } from "./templates";

const ROW_HEIGHT = 28;

/** What the host keeps with its layout. */
export interface TableView extends SessionsView {
  readonly sort: Sort;
  readonly ended: boolean;
}

export class SailSessionTable extends SessionLister {
  static override styles = [tokens, controls, blocks, marks, menu, notices, table, tools, late, tableStyles];

  @state() private sort: Sort = NEWEST_FIRST;
  @state() private ended = false;
  private shown: readonly Session[] = [];
  private shownFor = "";

  /** What the host kept of an earlier `sail-view`. */
  @property({ attribute: false }) kept: Partial<TableView> | null = null;

  protected override makeRows(): RowList {
    return new RowList(this, () => this.renderRoot.querySelector<HTMLElement>(".scroll"), ROW_HEIGHT, ROW_HEIGHT);
  }

  protected override get viewDetail(): TableView {
    return { ...super.viewDetail, sort: this.sort, ended: this.ended };
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (changed.has("kept") && this.kept) {
      this.restore(this.kept);
    }
    const { snapshot, sort, ended, filter, scope } = this;
    const items = (ended ? snapshot?.ended?.items : snapshot?.sessions.items) ?? [];
    const now = sorted(this.matching(items), sort);
    const shownFor = JSON.stringify([sort, ended, filter, scope]);
    const stays = this.rows.isFrozen && this.shownFor === shownFor;
    this.shown = stays ? frozen(this.shown, now, snapshot?.ended?.items ?? []) : now;
    this.shownFor = shownFor;
  }

  protected override updated(): void {
    const { ended, snapshot, rows, filter } = this;
    const topics: Topic[] = ended ? [{ topic: "ended" }] : [];
    const of = ended ? "ended" : "sessions";
    this.pages.watch(topics, of, snapshot?.[of] ?? null, rows.isAtEnd || filter !== "" || this.isSorted);
  }

  /** What was kept may be from another version. */
  private restore({ scope, filter, sort, ended }: Partial<TableView>): void {
    this.scope = typeof scope === "string" ? scope : this.scope;
    this.filter = typeof filter === "string" ? filter : this.filter;
    this.ended = ended === true;
    if (sort && SORT_KEYS.includes(sort.key)) {
      this.sort = { key: sort.key, descending: sort.descending === true };
    }
  }

  /** An order other than the server's needs all sessions. */
  private get isSorted(): boolean {
    return JSON.stringify(this.sort) !== JSON.stringify(NEWEST_FIRST);
  }

  protected override render(): unknown {
    const { t, snapshot, ended } = this;
    if (!snapshot || snapshot.link === "absent" || snapshot.link === "refused") {
      return nothing;
    }
    const list = ended ? snapshot.ended : snapshot.sessions;
    const retry = (): void => this.ask({ act: "retry" });
    const body = list?.items
      ? this.body()
      : list?.problem
        ? loadFailure(t, ended ? "endedFailed" : "sessionsFailed", list.problem, retry)
        : loadingBars(t("sessionsLoading"));
    return [this.toolbar(list), this.selection(), this.outcome(), body, this.menu.template()];
  }

  private toolbar(list: Loaded<Session> | null): TemplateResult {
    const { t, snapshot, scope, filter, ended } = this;
    const { all } = liveCount(snapshot?.sessions.items ?? null, scope, "");
    const count = scope === "all" ? (snapshot?.sessions.total ?? all) : all;
    const choices = [
      ["live", snapshot?.sessions.items ? t("liveCount", { count }) : t("live")],
      ["ended", t("ended")],
    ] as const;
    const choose = (value: "live" | "ended"): void => {
      this.ended = value === "ended";
      this.sort = NEWEST_FIRST;
      this.show({ selected: [] });
    };
    const onFilter = (event: Event): void => this.show({ filter: (event.currentTarget as HTMLInputElement).value });
    return html`<div class="tools">
        ${scopeChoice(t, snapshot?.me ?? null, scope, (one) => this.show({ scope: one, selected: [] }))}
        ${choice(t("whichName"), choices, ended ? "ended" : "live", choose)}
        <input
          type="search"
          aria-label=${t("filterTable")}
          placeholder=${t("filterTable")}
          .value=${filter}
          @input=${onFilter}
        />
        <span class="small dim" role="status">${list?.items ? summary(t, this.shown, this.isTeam) : nothing}</span>
      </div>
      ${this.isLoadingRest ? html`<div class="meter"><i></i></div>` : nothing}`;
  }

  private selection(): unknown {
    const { t, chosen } = this;
    if (!this.isTeam || !chosen.length) {
      return nothing;
    }
    const clear = (): void => this.clearSelection();
    const text = selectedText(t, chosen);
    return selectionBar(t, text, text, chosen.length, clear, () => this.closeSelected());
  }

  /** What came of closing many, when not all could be closed. */
  private outcome(): unknown {
    const name = (id: string): string => {
      const session = this.sessionOf(id);
      return session ? nameOf(session) : id;
    };
    const dismiss = (): void => this.ask({ act: "dismiss", subject: "sessions" });
    return manyClosed(this.t, this.snapshot?.acts["sessions"], name, dismiss);
  }

  private body(): unknown {
    const { t, filter, ended } = this;
    if (!this.shown.length && !this.isLoadingRest) {
      const text = filter
        ? filled(t, "noSessionMatches", { filter: html`"${bdi(filter)}"` })
        : t(ended || this.scope !== "mine" ? "noSessionsHere" : "noSessions");
      return html`<div class="empty small" role="status">
        <div class="dim">${text}</div>
        ${filter ? button(t("clearFilter"), () => this.show({ filter: "" })) : nothing}
      </div>`;
    }
    return this.table();
  }

  private table(): TemplateResult {
    const { t, isTeam, ended } = this;
    const entries = this.shown.flatMap((session) => this.withQuestion(session.id, nameOf(session)));
    const drawn = this.rows.draw(entries);
    const columns = columnsOf(ended, isTeam);
    const sort = (to: Sort): void => {
      this.sort = to;
      this.show({});
    };
    return html`<div class="scroll" @scroll=${this.rows.onScroll}>
      <table
        class="s"
        role="grid"
        aria-label=${t("sessionsName")}
        aria-rowcount=${this.hasEnd ? entries.length + 1 : -1}
        aria-multiselectable=${isTeam ? "true" : nothing}
        @keydown=${this.onKey}
        @focusin=${this.rows.onFocusIn}
        @focusout=${this.rows.onFocusOut}
        @pointerover=${this.rows.onPointerOver}
        @dragstart=${(event: Event) => event.preventDefault()}
        @click=${this.onClick}
        @dblclick=${this.onDoubleClick}
        @contextmenu=${this.onContextMenu}
      >
        <thead>
          <tr aria-rowindex="1">
            ${isTeam ? this.selectAll() : nothing} ${columns.map((column) => headCell(t, column, this.sort, sort))}
          </tr>
        </thead>
        <tbody>
          ${repeat(
            drawn.rows,
            ({ index }) => entries[index]?.id,
            (row) => {
              const entry = entries[row.index];
              return entry ? [gapRow(row.gap), this.entry(entry, row.index + 2)] : nothing;
            },
          )}
          ${gapRow(drawn.rest)}
        </tbody>
      </table>
    </div>`;
  }

  private entry(entry: Entry, rowIndex: number): TemplateResult {
    if (entry.kind === "free") {
      return html`<tr data-id=${entry.id} data-kind="free" aria-rowindex=${rowIndex}>
        <td><div class="whole">${this.question(entry)}</div></td>
      </tr>`;
    }
    const session = this.shown.find(({ id }) => id === entry.id);
    return session ? this.row(session, rowIndex) : html``;
  }

  private row(session: Session, rowIndex: number): TemplateResult {
    const { t, snapshot, isTeam } = this;
    const now = this.clock.now();
    const facts = snapshot ? rowFacts(t, snapshot, session, now) : null;
    if (!facts) {
      return html``;
    }
    this.clock.changesAt(facts.changesAt);
    const { id } = session;
    const chosen = this.selected.includes(id);
    const hot = facts.known && !facts.closing && this.isHot(id);
    const classes = [
      id === this.hereId ? "here" : "",
      chosen || id === this.current ? "sel" : "",
      hot ? "hover" : "",
      isOver(session) || facts.closing || !facts.known ? "over" : "",
    ].filter(Boolean);
    const more = hot
      ? iconButton(
          icons.dots,
          t("moreActions"),
          (event) => this.openBelow(id, this.menuOf(session), facts.name, event),
          {
            menu: true,
          },
        )
      : nothing;
    return html`<tr
      class=${classes.join(" ") || nothing}
      data-id=${id}
      data-kind="row"
      data-label=${facts.name}
      data-session-id=${session.mine && !isOver(session) && !session.marimo && facts.known ? id : nothing}
      tabindex=${this.rows.active === id ? 0 : -1}
      aria-rowindex=${rowIndex}
      aria-selected=${isTeam ? chosen : nothing}
      aria-label=${spokenRow(t, facts, isTeam)}
    >
      ${isTeam ? checkCell(t, session, chosen, (range) => this.toggle(id, range)) : nothing}
      ${columnsOf(this.ended, isTeam).map((column) => bodyCell(t, column, facts, now, more))}
    </tr>`;
  }

  private selectAll(): TemplateResult {
    const live = this.shown.filter((session) => inScope(session, "all") && !isOver(session)).map(({ id }) => id);
    const all = live.length > 0 && live.every((id) => this.selected.includes(id));
    const some = this.selected.length > 0 && !all;
    return html`<th class="c" scope="col">
      <input
        type="checkbox"
        aria-label=${this.t("selectShown")}
        ?disabled=${!live.length}
        .checked=${all}
        .indeterminate=${some}
        @click=${() => this.show({ selected: all ? [] : live })}
      />
    </th>`;
  }
}

define("sessionTable", SailSessionTable);
