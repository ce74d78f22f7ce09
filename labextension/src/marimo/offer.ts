/** Whether the server starts marimo: the launcher and menus must know it before any part of the page asks the API. */

import { PageConfig } from "@jupyterlab/coreutils";
import { type Me, type Source, startsMarimo } from "@lakesail/notebook-ui";
import { Signal } from "@lumino/signaling";

/** The server writes it into its pages. */
const OPTION = "lakesailStartsMarimo";

export class MarimoOffer {
  readonly changed = new Signal<this, void>(this);
  private latest: Me | null = null;
  private wasGiven = this.isGiven;

  /** @param ask asks the server who the caller is, and what it has for them. */
  constructor(
    private readonly source: Source,
    private readonly ask: () => Promise<Me>,
  ) {}

  get isGiven(): boolean {
    return this.latest === null ? PageConfig.getOption(OPTION) === "true" : startsMarimo(this.latest);
  }

  /** Asks the server now: marimo may have been installed since.

      @throws Refused */
  async now(): Promise<Me> {
    const me = await this.ask();
    this.take(me);
    return me;
  }

  /** The page's source has changed. */
  look(): void {
    const { me } = this.source.snapshot;
    if (me) {
      this.take(me);
    }
  }

  private take(me: Me): void {
    this.latest = me;
    if (this.isGiven !== this.wasGiven) {
      this.wasGiven = this.isGiven;
      this.changed.emit();
    }
  }
}
