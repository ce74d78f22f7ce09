/** The page's source, with the default config of a person's own settings in place of the server's. */

import type { Snapshot, Source, Topic } from "@lakesail/notebook-ui";

import type { Settings } from "./settings";

export class DefaultingSource implements Source {
  private last: { readonly from: Snapshot; readonly name: string; readonly snapshot: Snapshot } | null = null;

  constructor(
    private readonly inner: Source,
    private readonly settings: Settings,
  ) {}

  get snapshot(): Snapshot {
    const from = this.inner.snapshot;
    const name = this.settings.values.defaultConfig;
    if (!name || !from.me) {
      return from;
    }
    if (this.last?.from !== from || this.last.name !== name) {
      this.last = { from, name, snapshot: { ...from, me: { ...from.me, defaultConfig: name } } };
    }
    return this.last.snapshot;
  }

  subscribe(listener: () => void): () => void {
    // A signal takes the same function only once.
    const called = (): void => listener();
    const stop = this.inner.subscribe(called);
    this.settings.changed.connect(called);
    return () => {
      stop();
      this.settings.changed.disconnect(called);
    };
  }

  watch(topic: Topic): () => void {
    return this.inner.watch(topic);
  }
}
