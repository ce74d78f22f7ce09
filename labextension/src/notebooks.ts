/** The notebooks that are open in this page, and the current one. */

import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import { Signal } from "@lumino/signaling";

import { NotebookWatch } from "./notebook_watch";

export class OpenNotebooks {
  /** The current notebook is another one, or something of an open one changed. */
  readonly changed = new Signal<this, void>(this);
  readonly opened = new Signal<this, NotebookWatch>(this);
  private readonly watches = new Map<NotebookPanel, NotebookWatch>();

  constructor(private readonly tracker: INotebookTracker) {
    tracker.forEach((panel) => this.add(panel));
    tracker.widgetAdded.connect((_, panel) => this.add(panel));
    tracker.currentChanged.connect(() => this.changed.emit());
  }

  get current(): NotebookWatch | null {
    const panel = this.tracker.currentWidget;
    return panel ? this.of(panel) : null;
  }

  get all(): readonly NotebookWatch[] {
    return [...this.watches.values()];
  }

  of(panel: NotebookPanel): NotebookWatch {
    return this.watches.get(panel) ?? this.add(panel);
  }

  private add(panel: NotebookPanel): NotebookWatch {
    const known = this.watches.get(panel);
    if (known) {
      return known;
    }
    const watch = new NotebookWatch(panel);
    this.watches.set(panel, watch);
    watch.changed.connect(() => this.changed.emit());
    panel.disposed.connect(() => {
      this.watches.delete(panel);
      this.changed.emit();
    });
    this.opened.emit(watch);
    return watch;
  }
}
