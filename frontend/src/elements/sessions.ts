/** `sail-sessions`: the sessions that the caller may see. As a list here; as a table where `wide.ts` is loaded. */

import { nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { html } from "lit/static-html.js";

import * as icons from "../icons";
import { isOver } from "../model/countdown";
import type { Topic } from "../model/snapshot";
import type { Drawn } from "../model/windows";
import { selectedText, toggled } from "../model/selection";
import { frozen, ordered } from "../model/session_order";
import { isKnown, nameOf } from "../model/states";
import type { Session } from "../model/types";
import type { SessionsView } from "../model/view";
import { blocks } from "../styles/blocks";
import { controls } from "../styles/controls";
import { marks } from "../styles/marks";
import { menu } from "../styles/menu";
import { notices } from "../styles/notices";
import { rows } from "../styles/rows";
import { tokens } from "../styles/tokens";
import { tools } from "../styles/tools";
import { define, tagNames } from "../version";
import { tags } from "./tags";
import { late, loadingBars } from "./late";
import { listStyles } from "./list_styles";
import { loadFailure } from "./load_failure";
import { type Entry } from "./row_list";
import { SessionLister } from "./session_lister";
import { marimoTag, rowActs, rowEnd, rowFacts, rowMark, secondLine, spokenRow } from "./session_row";
import { scopeChoice, selectionBar } from "./team_parts";
import { namesLine } from "./names_line";
import { bdi, button, filled } from "./templates";

const ENDED = "ended-sessions";
/** From this width on the layout `auto` is a table. */
const TABLE_WIDTH = 700;

export class SailSessions extends SessionLister {
  static override styles = [tokens, controls, blocks, marks, menu, notices, rows, tools, late, listStyles];

  @property() layout: "list" | "table" | "auto" = "list";
  /** Whether the host opens the table. */
  @property({ type: Boolean }) withTable = false;
  /** Of the table: what the host kept of an earlier `sail-view`. */
  @property({ attribute: false }) view: Partial<SessionsView> | null = null;
  @state() private showsEnded = false;
  private shown: readonly Session[] = [];
  private shownFor = "";

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    const { hereId, filter, scope, snapshot } = this;
    const live = ordered(this.matching(snapshot?.sessions.items ?? []), hereId, this.clock.now());
    const shownFor = JSON.stringify([filter, scope]);
    const stays = this.rows.isFrozen && this.shownFor === shownFor;
    this.shown = stays ? frozen(this.shown, live, snapshot?.ended?.items ?? []) : live;
    this.shownFor = shownFor;
  }

  protected override updated(): void {
    this.toggleAttribute("table", this.isTable);
    const topics: Topic[] = this.showsEnded && !this.isTable ? [{ topic: "ended" }] : [];
    const of = this.showsEnded ? "ended" : "sessions";
    const wanted = !this.isTable && (this.rows.isAtEnd || this.filter !== "");
    this.pages.watch(topics, of, this.snapshot?.[of] ?? null, wanted);
  }

  private get isTable(): boolean {
    const wide = this.layout === "table" || (this.layout === "auto" && this.clientWidth >= TABLE_WIDTH);
    return wide && customElements.get(tagNames.sessionTable) !== undefined;
  }

  protected override render(): unknown {
    const { t, snapshot } = this;
    if (this.isTable) {
      return html`<${tags.sessionTable} .source=${this.source} .t=${t}
        .selected=${this.selected} .notebook=${this.notebook} .scope=${this.scope} .filter=${this.filter} .kept=${this.view}></${tags.sessionTable}>`;
    }
    if (!snapshot || snapshot.link === "absent" || snapshot.link === "refused") {
      return nothing;
    }
    const { items, problem } = snapshot.sessions;
    if (!items) {
      const retry = (): void => this.ask({ act: "retry" });
      return problem ? loadFailure(t, "sessionsFailed", problem, retry) : loadingBars(t("sessionsLoading"));
    }
    return [this.toolbar(), this.empty(), this.list(), this.selection(), this.menu.template()];
  }

  private toolbar(): unknown {
    const { t, snapshot } = this;
    const choose = (scope: string): void => this.show({ scope, selected: [] });
    const scopes = scopeChoice(t, snapshot?.me ?? null, this.scope, choose);
    const table = this.withTable
      ? button(t("openAsTable"), () => this.ask({ act: "openTable" }), { kind: "link" })
      : nothing;
    const bar = html`<div class="tools">
      <div class="bar">${scopes}<span class="grow"></span>${table}</div>
    </div>`;
    const meter = html`<div class="meter"><i></i></div>`;
    return html`<div class="head">${scopes === nothing ? nothing : bar}${this.isLoadingRest ? meter : nothing}</div>`;
  }

  private empty(): unknown {
    const { t, filter } = this;
    if (this.shown.length || (filter && this.isLoadingRest)) {
      return nothing;
    }
    if (filter) {
      return html`<div class="empty small" role="status">
        <div class="dim">${filled(t, "noSessionMatches", { filter: html`"${bdi(filter)}"` })}</div>
        ${button(t("clearFilter"), () => this.show({ filter: "" }))}
      </div>`;
    }
    const text = t(this.scope === "mine" ? "noSessions" : "noSessionsHere");
    return html`<div class="empty small"><div class="dim">${text}</div></div>`;
  }

  private list(): TemplateResult {
    const entries = this.entries();
    const drawn = this.rows.draw(entries);
    const count = this.hasEnd ? entries.length : -1;
    return this.grid(this.t("sessionsName"), count, drawn, this.drawnRows(entries, drawn), this.isTeam);
  }

  private drawnRows(entries: readonly Entry[], drawn: Drawn): unknown {
    return repeat(
      drawn.rows,
      ({ index }) => entries[index]?.id,
      ({ index, gap }) => {
        const entry = entries[index];
        return entry ? this.entry(entry, index, gap) : nothing;
      },
    );
  }

  private entries(): Entry[] {
    const live = this.shown.flatMap((session) => this.withQuestion(session.id, nameOf(session)));
    const group: Entry = { id: ENDED, kind: "group", name: this.t("endedGroup") };
    return [...live, group, ...(this.showsEnded ? this.endedEntries() : [])];
  }

  private endedEntries(): Entry[] {
    const items = this.snapshot?.ended?.items;
    if (!items) {
      return [{ id: "ended-wait", kind: "free", name: "" }];
    }
    const known = new Set(this.shown.map(({ id }) => id));
    const ended = this.matching(items).filter(({ id }) => !known.has(id));
    const none: Entry[] = ended.length ? [] : [{ id: "ended-none", kind: "free", name: "" }];
    return [...ended.flatMap((session) => this.withQuestion(session.id, nameOf(session))), ...none];
  }

  private entry(entry: Entry, index: number, gap: number): TemplateResult {
    const style = gap ? `margin-top:${gap}px` : nothing;
    if (entry.kind === "free") {
      return html`<div role="row" data-id=${entry.id} data-kind="free" aria-rowindex=${index + 1} style=${style}>
        <div role="gridcell">${this.free(entry)}</div>
      </div>`;
    }
    if (entry.kind === "group") {
      return this.group(index, style);
    }
    // A session that is in no list any more keeps its row as long as nothing may move.
    const session = this.sessionOf(entry.id) ?? this.shown.find(({ id }) => id === entry.id);
    return session ? this.row(session, index, style) : html``;
  }

  private free(entry: Entry): unknown {
    const { t } = this;
    const { id } = entry;
    if (id === "ended-wait") {
      const problem = this.snapshot?.ended?.problem;
      const retry = (): void => this.ask({ act: "retry" });
      return problem ? loadFailure(t, "endedFailed", problem, retry) : loadingBars(t("sessionsLoading"));
    }
    return id === "ended-none" ? html`<div class="empty-q">${t("noEnded")}</div>` : this.question(entry);
  }

  private group(index: number, style: unknown): TemplateResult {
    const total = this.snapshot?.ended?.total;
    return html`<div role="row" data-id=${ENDED} data-kind="group" aria-rowindex=${index + 1} style=${style}>
      <div role="gridcell">
        <button
          type="button"
          class="group"
          data-stop
          tabindex=${this.rows.active === ENDED ? 0 : -1}
          aria-expanded=${this.showsEnded}
          @click=${() => (this.showsEnded = !this.showsEnded)}
        >
          ${icons.icon(this.showsEnded ? icons.cardown : icons.carright, "i")}${this.t("endedGroup")}
          <span class="n">${total ?? nothing}</span>
        </button>
      </div>
    </div>`;
  }

  private row(session: Session, index: number, style: unknown): TemplateResult {
    const { t, isTeam } = this;
    const now = this.clock.now();
    const facts = this.snapshot ? rowFacts(t, this.snapshot, session, now) : null;
    if (!facts) {
      return html``;
    }
    this.clock.changesAt(facts.changesAt);
    const { id } = session;
    const chosen = this.selected.includes(id);
    const hot = facts.known && !facts.closing && !this.isSelecting && this.isHot(id);
    const line = secondLine(t, facts, now, isTeam && !session.mine ? true : isTeam && this.scope !== "mine");
    const classes = [
      "row",
      id === this.hereId ? "here" : "",
      chosen || id === this.current ? "sel" : "",
      this.rows.hovered === id || hot ? "hover" : "",
      isOver(session) || facts.closing || !facts.known ? "over" : "",
      this.isSelecting ? "chk" : "",
    ].filter(Boolean);
    return html`<div
      class=${classes.join(" ")}
      role="row"
      data-id=${id}
      data-kind="row"
      data-label=${facts.name}
      data-session-id=${this.isDraggable(session) ? id : nothing}
      tabindex=${this.rows.active === id ? 0 : -1}
      aria-rowindex=${index + 1}
      aria-selected=${this.isSelecting ? chosen : nothing}
      aria-label=${spokenRow(t, facts, isTeam)}
      style=${style}
    >
      ${this.isSelecting ? this.checkbox(session, chosen) : nothing}${rowMark(facts)}
      <div class="clip" role="gridcell">
        <div class="l1"><span class="clip" title=${facts.name}>${bdi(facts.name)}</span>${marimoTag(t, session)}</div>
        <div class="l2"><span class="clip" title=${line.join(" · ")}>${namesLine(line)}</span></div>
      </div>
      ${hot ? rowActs(facts, this.actions(now), (event) => this.openBelow(id, this.menuOf(session), facts.name, event)) : rowEnd(t, facts, now)}
    </div>`;
  }

  private checkbox(session: Session, chosen: boolean): TemplateResult {
    const label = this.t("selectNamed", { name: nameOf(session) });
    const onChange = (): void => this.show({ selected: toggled(this.selected, session.id) });
    return html`<span role="gridcell" class="box"
      ><input type="checkbox" tabindex="-1" aria-label=${label} .checked=${chosen} @change=${onChange}
    /></span>`;
  }

  private selection(): unknown {
    const { chosen } = this;
    if (!this.isSelecting) {
      return nothing;
    }
    return selectionBar(
      this.t,
      this.t("selectedCount", { count: chosen.length }),
      selectedText(this.t, chosen),
      chosen.length,
      () => this.clearSelection(),
      () => this.closeSelected(),
    );
  }

  /** Whether the row may be dragged into a notebook. */
  private isDraggable(session: Session): boolean {
    const isUsable = session.mine && !isOver(session) && session.marimo === null;
    return isUsable && this.snapshot !== null && isKnown(this.snapshot.link);
  }
}

define("sessions", SailSessions);
