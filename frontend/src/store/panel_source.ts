/** The source of a panel on a page that may have a store of its own, as JupyterLab's pages have: then the page tells what
    the sessions are, also while the kernel computes, and the kernel tells of what it does itself. */

import type { Snapshot, Topic } from "../model/snapshot";
import type { ModelSource } from "./model_source";
import type { SharedStore } from "./shared";
import type { Source } from "./source";

export class PanelSource implements Source {
  snapshot: Snapshot;
  private store: SharedStore | null = null;
  private readonly listeners = new Set<() => void>();
  private readonly watches = new Map<object, { readonly topic: Topic; stop: () => void }>();
  private stops: (() => void)[] = [];

  constructor(readonly kernel: ModelSource) {
    this.snapshot = kernel.snapshot;
  }

  get shared(): SharedStore | null {
    return this.store;
  }

  /** The page has a store: read from it from now on. */
  use(store: SharedStore): void {
    this.store = store;
    if (this.listeners.size) {
      this.stops.push(store.source.subscribe(this.changed));
    }
    for (const watch of this.watches.values()) {
      watch.stop();
      watch.stop = store.source.watch(watch.topic);
    }
    this.changed();
  }

  subscribe(listener: () => void): () => void {
    const called = (): void => listener();
    this.listeners.add(called);
    if (this.listeners.size === 1) {
      // A kernel counts its views, so it hears of this one also where the page tells the rest.
      this.stops = [this.kernel, ...(this.store ? [this.store.source] : [])].map((one) => one.subscribe(this.changed));
      this.changed();
    }
    return () => {
      if (this.listeners.delete(called) && this.listeners.size === 0) {
        this.stops.forEach((stop) => stop());
        this.stops = [];
      }
    };
  }

  watch(topic: Topic): () => void {
    const key = {};
    this.watches.set(key, { topic, stop: (this.store?.source ?? this.kernel).watch(topic) });
    return () => {
      this.watches.get(key)?.stop();
      this.watches.delete(key);
    };
  }

  private readonly changed = (): void => {
    if (this.kernel.gone) {
      this.snapshot = { ...this.snapshot, link: "frozen", retryAt: null };
    } else if (this.store) {
      const told = this.store.source.snapshot;
      this.snapshot = { ...told, acts: { ...told.acts, ...this.kernel.snapshot.acts } };
    } else {
      this.snapshot = this.kernel.snapshot;
    }
    this.listeners.forEach((listener) => listener());
  };
}
