/** How a host finds the row that a pointer is on, to drag it: rows of lists carry what they stand for. */

export interface RowTarget {
  readonly row: HTMLElement;
  /** A row has one of the two: `data-session-id` or `data-config-name`. */
  readonly sessionId: string | null;
  readonly configName: string | null;
  /** What the drag image says: `data-label`. */
  readonly label: string;
}

/** The row below a pointer, also inside shadow roots; `null` when there is none. */
export function rowBelow(event: Event): RowTarget | null {
  for (const target of event.composedPath()) {
    if (target instanceof HTMLElement && (target.dataset.sessionId || target.dataset.configName)) {
      const { sessionId = null, configName = null, label = "" } = target.dataset;
      return { row: target, sessionId, configName, label: label || (configName ?? sessionId ?? "") };
    }
  }
  return null;
}
