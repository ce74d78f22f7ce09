/** Which rows of a long list are drawn: those in view, some around them, and the one that has the focus. */

/** Rows beyond the view on either side. */
export const OVERSCAN = 12;
/** The most rows that are alive, as long as the view shows fewer. */
export const MOST_ROWS = 60;

export interface DrawnRow {
  readonly index: number;
  /** Empty pixels above it. */
  readonly gap: number;
}

export interface Drawn {
  readonly rows: readonly DrawnRow[];
  /** Empty pixels below the last row. */
  readonly rest: number;
}

/** Where each row begins, and at last where the list ends. */
export function offsets(heights: readonly number[]): number[] {
  const starts = [0];
  for (const height of heights) {
    starts.push((starts.at(-1) ?? 0) + height);
  }
  return starts;
}

/** @param starts as `offsets` gives it.
    @param keep index of a row that is drawn in any case; -1 for none. */
export function drawnRows(starts: readonly number[], top: number, view: number, keep = -1): Drawn {
  const count = starts.length - 1;
  const [first, last] = span(starts, top, view);
  const indexes = Array.from({ length: last - first }, (_, offset) => first + offset);
  if (keep >= 0 && keep < count && keep < first) {
    indexes.unshift(keep);
  } else if (keep >= last && keep < count) {
    indexes.push(keep);
  }
  let end = 0;
  const rows = indexes.map((index) => {
    const gap = at(starts, index) - end;
    end = at(starts, index + 1);
    return { index, gap };
  });
  return { rows, rest: at(starts, count) - end };
}

/** How far to scroll so that a row is whole in view. */
export function scrollTo(starts: readonly number[], index: number, top: number, view: number): number {
  const [begin, end] = [at(starts, index), at(starts, index + 1)];
  return begin < top ? begin : end > top + view ? Math.max(0, end - view) : top;
}

/** The first row that is drawn, and the one after the last. */
function span(starts: readonly number[], top: number, view: number): [number, number] {
  const count = starts.length - 1;
  const firstSeen = Math.min(rowAt(starts, top), Math.max(0, count - 1));
  const lastSeen = Math.min(count, rowAt(starts, top + view) + 1);
  const spare = Math.max(0, MOST_ROWS - 1 - (lastSeen - firstSeen));
  const around = Math.min(OVERSCAN, Math.floor(spare / 2));
  return [Math.max(0, firstSeen - around), Math.min(count, lastSeen + around)];
}

/** The row that a pixel lies in. */
function rowAt(starts: readonly number[], pixel: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (at(starts, middle) <= pixel) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

function at(starts: readonly number[], index: number): number {
  return starts[index] ?? 0;
}
