/** Long lists: a window of rows, one tab stop, keys that move, and a focus that stays with its row.

    Rows are known by id. The host draws what `draw` returns; each row has `data-id` and `data-kind`, and the element that
    takes its focus is `[data-stop]`, or the row. */

import type { LitElement, ReactiveController } from "lit";

import { drawnRows, offsets, scrollTo, type Drawn } from "../model/windows";
import { controlsOf, focusOn, leaveOneStop, rowId, stopOf } from "./row_nodes";
import { TypeToFind } from "./type_to_find";

export interface Entry {
  readonly id: string;
  /** Rows and groups have one height each; what is `free` is measured one by one, and keys pass over it. */
  readonly kind: "row" | "group" | "free";
  /** What type-to-find looks at. */
  readonly name: string;
}

/** In pixels, until rows were measured. */
const HEIGHTS: Readonly<Record<Entry["kind"], number>> = { row: 40, group: 24, free: 72 };

export class RowList implements ReactiveController {
  /** The row that has the tab stop. */
  active: string | null = null;
  hovered: string | null = null;
  hasFocus = false;
  private pointerInside = false;
  private entries: readonly Entry[] = [];
  private starts: number[] = [0];
  private activeIndex = 0;
  private drawn = "";
  private noted: { id: string; control: number } | null = null;
  private wantsFocus = false;
  private updating = false;
  private readonly measured = new Map<string, number>();
  private readonly find = new TypeToFind();
  private readonly resized: ResizeObserver | null =
    typeof ResizeObserver === "undefined" ? null : new ResizeObserver(() => this.host.requestUpdate());

  /** @param scroller what scrolls, once it is there.
      @param rowHeight in pixels, until a row was measured.
      @param head pixels at the top of the view that something else covers. */
  constructor(
    private readonly host: LitElement,
    private readonly scroller: () => HTMLElement | null = () => host,
    private readonly rowHeight = HEIGHTS.row,
    private readonly head = 0,
  ) {
    host.addController(this);
  }

  /** Nothing may move while the pointer or the focus is in the list. */
  get isFrozen(): boolean {
    return this.hasFocus || this.pointerInside;
  }

  /** Of all rows, in their order. */
  get ids(): readonly string[] {
    return this.entries.filter(({ kind }) => kind === "row").map(({ id }) => id);
  }

  /** Whether the end of the list is near what is in view. */
  get isAtEnd(): boolean {
    const box = this.scroller();
    return !box || box.scrollTop + 2 * box.clientHeight >= (this.starts.at(-1) ?? 0);
  }

  hostConnected(): void {
    this.host.addEventListener("pointerenter", this.onEnter);
    this.host.addEventListener("pointerleave", this.onLeave);
    this.resized?.observe(this.host);
  }

  hostDisconnected(): void {
    this.host.removeEventListener("pointerenter", this.onEnter);
    this.host.removeEventListener("pointerleave", this.onLeave);
    this.resized?.disconnect();
    this.hovered = null;
    this.hasFocus = this.pointerInside = false;
  }

  /** Says which rows to draw. Call it while rendering. */
  draw(entries: readonly Entry[]): Drawn {
    this.entries = entries;
    this.starts = offsets(entries.map((entry) => this.heightOf(entry)));
    this.settleActive();
    const box = this.scroller();
    const drawn = drawnRows(this.starts, box?.scrollTop ?? 0, box?.clientHeight ?? 0, this.activeIndex);
    this.drawn = keyOf(drawn);
    return drawn;
  }

  /** Call it on each scrolling of the scroller. */
  readonly onScroll = (): void => {
    const box = this.scroller();
    if (box && keyOf(drawnRows(this.starts, box.scrollTop, box.clientHeight, this.activeIndex)) !== this.drawn) {
      this.host.requestUpdate();
    }
  };

  hostUpdate(): void {
    this.updating = true;
    const focused = this.root?.activeElement;
    const row = focused?.closest<HTMLElement>("[data-id]");
    this.noted = row?.dataset.id ? { id: row.dataset.id, control: controlsOf(row).indexOf(focused as Element) } : null;
  }

  hostUpdated(): void {
    this.updating = false;
    this.measure();
    const lost = this.noted && !this.root?.activeElement && this.hasFocus;
    const row = this.noted && this.rowOf(this.noted.id);
    if (this.wantsFocus || (lost && !row)) {
      this.wantsFocus = false;
      this.focusRow();
    } else if (lost && row) {
      const control = controlsOf(row)[this.noted?.control ?? -1];
      focusOn(control instanceof HTMLElement ? control : stopOf(row));
    }
  }

  /** Moves the focus to the active row. */
  focusRow(): void {
    const row = this.active === null ? null : this.rowOf(this.active);
    focusOn(row && stopOf(row));
  }

  /** Makes a row the active one, in view and focused. */
  go(index: number): void {
    const entry = this.entries[index];
    const box = this.scroller();
    if (entry) {
      this.active = entry.id;
      this.activeIndex = index;
      if (box) {
        box.scrollTop = scrollTo(this.starts, index, box.scrollTop, box.clientHeight - this.head);
      }
      this.wantsFocus = true;
      this.host.requestUpdate();
    }
  }

  readonly onFocusIn = (event: FocusEvent): void => {
    this.hasFocus = true;
    this.setActive(rowId(event));
  };

  readonly onFocusOut = (event: FocusEvent): void => {
    const next = event.relatedTarget;
    // What is drawn anew loses the focus for a moment; `hostUpdated` gives it back.
    if (next instanceof Node || !this.updating) {
      this.hasFocus = next instanceof Node && (this.root?.contains(next) ?? false);
      this.host.requestUpdate();
    }
  };

  readonly onPointerOver = (event: Event): void => {
    this.hover(rowId(event));
  };

  /** Handles the keys of a list.

      @returns whether it did. */
  onKey(event: KeyboardEvent): boolean {
    const target = event.target;
    const row = target instanceof Element ? target.closest<HTMLElement>("[data-id]") : null;
    if (!row || row.dataset.kind === "free" || event.ctrlKey || event.metaKey || event.altKey) {
      return false;
    }
    const done = this.isAcross(event.key, row, target as Element) || (target === stopOf(row) && this.isMove(event.key));
    if (done) {
      event.preventDefault();
      event.stopPropagation();
    }
    return done;
  }

  /** Right and Left go into the row's controls and back. */
  private isAcross(key: string, row: HTMLElement, target: Element): boolean {
    const stop = stopOf(row);
    const places: Element[] = [stop, ...controlsOf(row).filter((control) => control !== stop)];
    const at = places.indexOf(target);
    const to = key === "ArrowRight" ? at + 1 : key === "ArrowLeft" ? at - 1 : -1;
    if (key === "Escape" && at > 0) {
      focusOn(stop);
      return true;
    }
    const place = places[to];
    if (at < 0 || !(place instanceof HTMLElement)) {
      return false;
    }
    focusOn(place);
    return true;
  }

  private isMove(key: string): boolean {
    const last = this.entries.length - 1;
    const page = Math.max(1, Math.floor((this.scroller()?.clientHeight ?? 0) / this.heightOfKind("row")) - 1);
    const at = this.activeIndex;
    const moves: Readonly<Record<string, [number, number]>> = {
      ArrowDown: [at + 1, 1],
      ArrowUp: [at - 1, -1],
      Home: [0, 1],
      End: [last, -1],
      PageDown: [Math.min(last, at + page), -1],
      PageUp: [Math.max(0, at - page), 1],
    };
    const move = moves[key];
    if (move) {
      this.find.forget();
      this.goFrom(...move);
      return true;
    }
    const found = this.find.key(key, at, this.entries);
    this.go(found ?? -1);
    return found !== null || (this.find.isOn && key === " ");
  }

  /** Goes to the first row from here that takes the focus. */
  private goFrom(index: number, step: number): void {
    let to = index;
    while (this.entries[to]?.kind === "free") {
      to += step;
    }
    this.go(to);
  }

  private settleActive(): void {
    const stops = this.entries.map((entry, index) => ({ ...entry, index })).filter(({ kind }) => kind !== "free");
    const same = stops.find(({ id }) => id === this.active);
    const nearest = same ?? stops.find(({ index }) => index >= this.activeIndex) ?? stops.at(-1);
    this.active = nearest?.id ?? null;
    this.activeIndex = nearest?.index ?? 0;
  }

  private setActive(id: string | null): void {
    const index = this.entries.findIndex((entry) => entry.id === id && entry.kind !== "free");
    if (index >= 0 && this.active !== id) {
      this.active = id;
      this.activeIndex = index;
    }
    this.host.requestUpdate();
  }

  private hover(id: string | null): void {
    if (this.hovered !== id) {
      this.hovered = id;
      this.host.requestUpdate();
    }
  }

  private readonly onEnter = (): void => {
    this.pointerInside = true;
  };

  private readonly onLeave = (): void => {
    this.pointerInside = false;
    this.hovered = null;
    this.host.requestUpdate();
  };

  private measure(): void {
    let changed = false;
    for (const row of this.root?.querySelectorAll<HTMLElement>("[data-id]") ?? []) {
      leaveOneStop(row);
      const key = row.dataset.kind === "free" ? (row.dataset.id ?? "") : (row.dataset.kind ?? "");
      const height = row.getBoundingClientRect().height;
      if (height && Math.abs(height - (this.measured.get(key) ?? 0)) > 0.1) {
        this.measured.set(key, height);
        changed = true;
      }
    }
    if (changed) {
      this.host.requestUpdate();
    }
  }

  private heightOf({ id, kind }: Entry): number {
    return kind === "free" ? (this.measured.get(id) ?? HEIGHTS.free) : this.heightOfKind(kind);
  }

  private heightOfKind(kind: "row" | "group"): number {
    return this.measured.get(kind) ?? (kind === "row" ? this.rowHeight : HEIGHTS.group);
  }

  private rowOf(id: string): HTMLElement | null {
    return this.root?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`) ?? null;
  }

  private get root(): ShadowRoot | null {
    return this.host.shadowRoot;
  }
}

function keyOf({ rows, rest }: Drawn): string {
  return `${rows[0]?.index}-${rows.at(-1)?.index}-${rows.length}-${rest}`;
}
