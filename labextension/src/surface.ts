/** What the parts of the page share: where they read from, and how they ask for something. */

import type { NotebookPanel } from "@jupyterlab/notebook";
import type { Act, Source, Translate } from "@lakesail/notebook-ui";

import type { OpenNotebooks } from "./notebooks";
import type { Settings } from "./settings";

/** Where an act was asked for. */
export interface Where {
  /** The notebook that it is about; else the current one. */
  readonly notebookPanel?: NotebookPanel | null;
  /** What a popover stands at. */
  readonly anchor?: HTMLElement | null;
  /** A person picked what to connect to, as opposed to Connect with what the notebook remembers. */
  readonly picked?: boolean;
  /** Connecting opens a new notebook. */
  readonly newNotebook?: boolean;
}

export interface Surface {
  readonly source: Source;
  readonly t: Translate;
  readonly notebooks: OpenNotebooks;
  readonly settings: Settings;
  /** Does it. How it went stands in the snapshot. */
  perform(act: Act, where?: Where): Promise<void>;
}
