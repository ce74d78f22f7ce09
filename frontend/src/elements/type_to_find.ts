/** Letters typed in a list go to the next row whose name begins so. */

import type { Entry } from "./row_list";

/** Letters belong together that come within so many milliseconds. */
const TOGETHER = 1000;

export class TypeToFind {
  private typed = "";
  private last = 0;

  /** Whether somebody types a word now, of which a space is a part. */
  get isOn(): boolean {
    return this.typed !== "" && performance.now() - this.last < TOGETHER;
  }

  /** The next letter begins a new word. */
  forget(): void {
    this.typed = "";
  }

  /** @returns the index of the row to go to; `null` when the key is no letter, or nothing begins so. */
  key(key: string, from: number, entries: readonly Entry[]): number | null {
    const goesOn = this.isOn;
    if (key.length !== 1 || (key === " " && !goesOn)) {
      return null;
    }
    this.typed = (goesOn ? this.typed : "") + key.toLowerCase();
    this.last = performance.now();
    const single = [...this.typed].every((letter) => letter === this.typed[0]);
    const begin = single ? (this.typed[0] ?? "") : this.typed;
    const start = single ? from + 1 : from;
    for (let step = 0; step < entries.length; step++) {
      const index = (start + step) % entries.length;
      const entry = entries[index];
      if (entry && entry.kind !== "free" && entry.name.toLowerCase().startsWith(begin)) {
        return index;
      }
    }
    return null;
  }
}
