/** What lists of rows share: their filter, what has the focus and what was clicked, questions in place, and the menu. */

import { html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";

import type { Menu } from "../model/menu";
import { isKnown } from "../model/states";
import type { Notebook, Problem } from "../model/types";
import type { Drawn } from "../model/windows";
import { Confirm } from "./confirm";
import { SailElement } from "./element";
import { ElementMenu } from "./menu";
import { RowList, type Entry } from "./row_list";
import { button, refusal } from "./templates";
import { Clock } from "./ticker";

const QUESTION = "question:";

export abstract class ListElement extends SailElement {
  @property() filter = "";
  /** The current notebook. */
  @property({ attribute: false }) notebook: Notebook | null = null;

  /** The row that was clicked last. */
  @state() protected current: string | null = null;

  protected readonly rows: RowList = this.makeRows();
  protected readonly confirm = new Confirm(this);
  protected readonly menu = new ElementMenu(this);
  protected readonly clock = new Clock(this, () => this.snapshot?.skewMs ?? 0);

  protected abstract readonly onKey: (event: KeyboardEvent) => void;
  protected abstract readonly onClick: (event: MouseEvent) => void;
  protected abstract readonly onDoubleClick: (event: MouseEvent) => void;
  protected abstract readonly onContextMenu: (event: MouseEvent) => void;

  /** What acts on a row are about, as `Snapshot.acts` names it. */
  protected abstract subjectOf(id: string): string;

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

  /** Whether what is shown is so now, and acts may be asked for. */
  protected get isKnown(): boolean {
    return this.snapshot !== null && isKnown(this.snapshot.link);
  }

  /** Whether a row shows its buttons. */
  protected isHot(id: string): boolean {
    const { rows, current, confirm } = this;
    return rows.hovered === id || current === id || confirm.about === id || (rows.hasFocus && rows.active === id);
  }

  /** The list around its rows.

      @param count of all rows; -1: not known. */
  protected grid(label: string, count: number, drawn: Drawn, rows: unknown, isMulti = false): TemplateResult {
    return html`<div
      class="list"
      role="grid"
      aria-label=${label}
      aria-rowcount=${count}
      aria-multiselectable=${isMulti ? "true" : nothing}
      style="padding-bottom:${drawn.rest}px"
      @keydown=${this.onKey}
      @focusin=${this.rows.onFocusIn}
      @focusout=${this.rows.onFocusOut}
      @pointerover=${this.rows.onPointerOver}
      @dragstart=${(event: Event) => event.preventDefault()}
      @click=${this.onClick}
      @dblclick=${this.onDoubleClick}
      @contextmenu=${this.onContextMenu}
    >
      ${rows}
    </div>`;
  }

  /** A row, and below it the question or the refusal that is about it. */
  protected withQuestion(id: string, name: string): Entry[] {
    const row: Entry = { id, kind: "row", name };
    const asks = this.confirm.about === id || this.failureOf(id);
    return asks ? [row, { id: QUESTION + id, kind: "free", name }] : [row];
  }

  protected question({ id: entryId }: Entry): TemplateResult {
    const { t } = this;
    const id = entryId.slice(QUESTION.length);
    const problem = this.failureOf(id);
    if (this.confirm.about === id || !problem) {
      return html`<div class="under">${this.confirm.template()}</div>`;
    }
    const dismiss = (): void => this.ask({ act: "dismiss", subject: this.subjectOf(id) });
    return refusal(t, problem, [button(t("dismiss"), dismiss)]);
  }

  private failureOf(id: string): Problem | null {
    const state = this.snapshot?.acts[this.subjectOf(id)];
    return state?.phase === "failed" ? state.problem : null;
  }

  /** Below a button. */
  protected openBelow(id: string, menu: Menu, label: string, event: Event): void {
    const { left, bottom } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    this.openAt(id, menu, label, event, { x: left, y: bottom });
  }

  protected openAt(id: string, menu: Menu, label: string, event: Event, place: { x: number; y: number }): void {
    const row = event.composedPath().find((node) => node instanceof HTMLElement && node.dataset.id === id);
    if (row instanceof HTMLElement && this.isKnown) {
      this.menu.open(menu, row, label, place);
    }
  }

  /** Opens the menu of a row that was right-clicked; with Shift the browser's own comes. */
  protected onRightClick(id: string, menu: Menu, label: string, event: MouseEvent): void {
    if (!event.shiftKey) {
      event.preventDefault();
      event.stopPropagation();
      this.openAt(id, menu, label, event, { x: event.clientX, y: event.clientY });
    }
  }
}
