/** Readings of one list, of which several may be under way at the same time. */

export interface Readings {
  /** Reads the list anew. What was read is taken, unless a reading that began later was taken already. */
  anew<T>(read: () => Promise<T>, take: (found: T) => void): Promise<void>;
  /** Reads more of the list. What was read is taken, unless the list was read anew meanwhile. */
  more<T>(read: () => Promise<T>, take: (found: T) => void): Promise<void>;
  /** Changes the list. A reading that is under way may be older than the change, so the change is repeated on it. */
  change(run: () => void): void;
}

export function makeReadings(): Readings {
  let changes: (() => void)[] = [];
  let underWay = 0;
  let begun = 0;
  /** The number of the reading that the list is of. */
  let taken = 0;

  const run = async <T>(read: () => Promise<T>, take: (found: T) => void, counts: () => boolean): Promise<void> => {
    underWay++;
    try {
      const found = await read();
      if (counts()) {
        take(found);
        changes.forEach((again) => again());
      }
    } finally {
      if (--underWay === 0) {
        changes = [];
      }
    }
  };

  return {
    anew(read, take) {
      const mine = ++begun;
      return run(read, take, () => {
        const isLatest = mine > taken;
        taken = Math.max(taken, mine);
        return isLatest;
      });
    },
    more(read, take) {
      const before = taken;
      return run(read, take, () => taken === before);
    },
    change(change) {
      change();
      if (underWay) {
        changes.push(change);
      }
    },
  };
}
