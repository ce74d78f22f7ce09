/** The source of a panel in a saved notebook: what it showed when it was displayed. Nothing changes in it. */

import { Fields } from "../api/fields";
import type { Snapshot } from "../model/snapshot";
import type { Notebook } from "../model/types";
import { notebookOf, snapshotOf } from "./kernel_parts";
import type { Source } from "./source";

export class PictureSource implements Source {
  readonly snapshot: Snapshot;
  readonly notebook: Notebook;

  /** @param json the output `application/vnd.lakesail.panel+json`. */
  constructor(json: unknown) {
    const parts = new Fields<{ parts: unknown }>(json).object("parts") ?? {};
    this.snapshot = { ...snapshotOf(parts, 0), link: "frozen" };
    this.notebook = notebookOf(parts, true);
  }

  subscribe(): () => void {
    return () => undefined;
  }

  watch(): () => void {
    return () => undefined;
  }
}
