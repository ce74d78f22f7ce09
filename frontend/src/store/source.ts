/** Where the elements read from: one interface, with a transport for pages (REST and the event WebSocket) and one for
    panels in cells (the kernel, through the widget's model). */

import type { Snapshot, Topic } from "../model/snapshot";

export interface Source {
  readonly snapshot: Snapshot;
  /** Calls `listener` after each change. While nobody listens, a source asks the server nothing and holds no socket.

      @returns how to stop. */
  subscribe(listener: () => void): () => void;
  /** Loads a topic and keeps it current while somebody watches it.

      @returns how to stop. */
  watch(topic: Topic): () => void;
}
