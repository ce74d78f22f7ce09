/** `sail-button`: the button in a notebook's toolbar. It says how the session is; a click connects, or opens the card. */

import { html, LitElement, nothing } from "lit";
import { property, state } from "lit/decorators.js";

import * as icons from "../icons";
import { barTexts, buttonClick } from "../model/bar";
import { hereState } from "../model/here";
import { sessionOfNotebook } from "../model/notebook_session";
import type { Notebook } from "../model/types";
import { controls } from "../styles/controls";
import { marks } from "../styles/marks";
import { toolbarButton } from "../styles/toolbar_button";
import { tokens } from "../styles/tokens";
import { define } from "../version";
import { SailElement } from "./element";
import { bdi, mark } from "./templates";
import { Clock } from "./ticker";

/** No countdown of the last minutes is longer. */
const LONGEST_TIME = "10:00";

export class SailButton extends SailElement {
  static override styles = [tokens, controls, marks, toolbarButton];
  static override shadowRootOptions: ShadowRootInit = { ...LitElement.shadowRootOptions, delegatesFocus: true };

  @property({ attribute: false }) notebook: Notebook | null = null;
  /** In a narrow toolbar the name goes; the mark and the time stay. */
  @property({ type: Boolean, reflect: true }) narrow = false;

  /** Whether a click waits until it is known what it means. */
  @state() private clicked = false;

  private readonly clock = new Clock(this, () => this.snapshot?.skewMs ?? 0);

  protected override updated(): void {
    if (this.clicked && this.isKnown) {
      this.clicked = false;
      this.act();
    }
  }

  protected override render(): unknown {
    const { snapshot, notebook, t } = this;
    if (!snapshot || !notebook) {
      return nothing;
    }
    const session = sessionOfNotebook(snapshot, notebook);
    const texts = barTexts(t, snapshot, notebook, session, this.clock.now());
    this.clock.changesAt(texts.changesAt);
    return html`<button
      type="button"
      title=${texts.tooltip}
      data-longest=${`${texts.longest} ${LONGEST_TIME}`}
      data-longest-time=${LONGEST_TIME}
      @click=${this.onClick}
      @contextmenu=${this.openPicker}
      @keydown=${this.onKey}
    >
      <span
        >${icons.icon(icons.sail, "i")}${bdi(texts.name)}${texts.time ? html`<b>${texts.time}</b>` : nothing}<span
          class="sr"
          >${texts.more}</span
        >${texts.mark || this.clicked ? mark(texts.mark ?? "pending") : nothing}</span
      >
    </button>`;
  }

  /** Whether the first answers have come, or have failed. */
  private get isKnown(): boolean {
    const { snapshot, notebook } = this;
    return (
      !!snapshot && !!notebook && hereState(snapshot, notebook, sessionOfNotebook(snapshot, notebook)) !== "loading"
    );
  }

  /** JupyterLab's toolbar would take the focus back to the notebook after a click that it sees. */
  private readonly onClick = (event: Event): void => {
    event.stopPropagation();
    if (this.isKnown || this.clicked) {
      this.clicked = false;
      this.act();
    } else {
      this.clicked = true;
    }
  };

  private act(): void {
    const { snapshot, notebook } = this;
    if (snapshot && notebook) {
      this.ask(buttonClick(snapshot, notebook, sessionOfNotebook(snapshot, notebook)));
    }
  }

  private readonly openPicker = (event: Event): void => {
    event.preventDefault();
    event.stopPropagation();
    this.ask({ act: "open", picker: true });
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown") {
      this.openPicker(event);
    }
  };
}

define("button", SailButton);
