/** What the reader of the list or the table of sessions chose to see. */

/** Tells the host what the reader chose to see, so that it can bring it back. */
export const VIEW_EVENT = "sail-view";

export interface SessionsView {
  readonly scope: string;
  readonly filter: string;
  readonly selected: readonly string[];
}
