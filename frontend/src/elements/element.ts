/** What all elements share: a source that they render, a translator, and the event by which they ask for something. */

import { LitElement, type PropertyValues } from "lit";
import { property } from "lit/decorators.js";

import { ACT_EVENT, type Act } from "../model/acts";
import type { Snapshot, Topic } from "../model/snapshot";
import type { Source } from "../store/source";
import { english, type Translate } from "../strings";

export abstract class SailElement extends LitElement {
  @property({ attribute: false }) source: Source | null = null;
  @property({ attribute: false }) t: Translate = english;

  private stopListening: (() => void) | null = null;
  private readonly watched = new Map<string, () => void>();

  override connectedCallback(): void {
    super.connectedCallback();
    this.listen();
    // JupyterLab takes cells out of the document that are scrolled away. There an element hears of no change and
    // watches nothing.
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.stopListening?.();
    this.stopListening = null;
    this.watchOnly([]);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("source")) {
      this.stopListening?.();
      this.stopListening = null;
      this.watchOnly([]);
      this.listen();
    }
  }

  protected get snapshot(): Snapshot | null {
    return this.source?.snapshot ?? null;
  }

  /** Keeps these topics loaded, and no others; none out of the document, where Lit still renders. Call it in `updated`. */
  protected watchOnly(topics: readonly Topic[]): void {
    const wanted = new Map((this.isConnected ? topics : []).map((topic) => [JSON.stringify(topic), topic]));
    for (const [key, stop] of this.watched) {
      if (!wanted.has(key)) {
        this.watched.delete(key);
        stop();
      }
    }
    for (const [key, topic] of wanted) {
      if (this.source && !this.watched.has(key)) {
        this.watched.set(key, this.source.watch(topic));
      }
    }
  }

  /** Asks the host for something. */
  protected ask(act: Act): void {
    this.dispatchEvent(new CustomEvent<Act>(ACT_EVENT, { detail: act, bubbles: true, composed: true }));
  }

  private listen(): void {
    if (this.source && !this.stopListening && this.isConnected) {
      this.stopListening = this.source.subscribe(() => this.requestUpdate());
    }
  }
}
