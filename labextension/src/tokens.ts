/** What other extensions can use. */

import type { Act, Snapshot } from "@lakesail/notebook-ui";
import { Token } from "@lumino/coreutils";

import type { Commands } from "./command_ids";
import type { Where } from "./surface";

export interface ISailSessions {
  /** What the page knows at this moment. It is loaded while somebody subscribes. */
  readonly snapshot: Snapshot;
  /** Calls `listener` after each change.

      @returns how to stop. */
  subscribe(listener: () => void): () => void;
  /** Does what a person asks for; how it went stands in `snapshot.acts`. */
  perform(act: Act, where?: Where): Promise<void>;
  /** The ids of the commands. */
  readonly commands: typeof Commands;
}

export const ISailSessions = new Token<ISailSessions>(
  "@lakesail/notebook-labextension:ISailSessions",
  "The Spark sessions and compute configs of this page: what is, when it changes, and how to change it.",
);
