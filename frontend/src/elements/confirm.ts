/** A question in place: a red button that a double click cannot hit, and one that keeps all as it is. */

import { html, nothing, type ReactiveController, type ReactiveControllerHost, type TemplateResult } from "lit";

/** How long the red button does nothing after it appeared, in milliseconds. */
export const INERT = 400;
const RED = ".confirm .danger";

export interface Question {
  /** Id of what it is about: one question stands at a time, and it shows where this is drawn. */
  readonly about: string;
  /** What a screen reader calls it. */
  readonly name: string;
  readonly text: unknown;
  readonly yes: string;
  readonly no: string;
  readonly act: () => void;
}

export class Confirm implements ReactiveController {
  private question: Question | null = null;
  private shownAt = 0;
  private opener: HTMLElement | null = null;
  private drawn = false;

  constructor(private readonly host: ReactiveControllerHost & HTMLElement) {
    host.addController(this);
  }

  /** A question that the host has not drawn for a while appears anew, perhaps below the pointer. */
  hostUpdated(): void {
    const drawn = this.find(RED) !== null;
    if (drawn && !this.drawn) {
      this.shownAt = performance.now();
    }
    this.drawn = drawn;
  }

  get about(): string | null {
    return this.question?.about ?? null;
  }

  /** Shows the question and moves the focus to its red button. */
  ask(question: Question): void {
    this.opener ??= this.focused();
    this.question = question;
    this.shownAt = performance.now();
    this.host.requestUpdate();
    void this.host.updateComplete.then(() => this.find(RED)?.focus());
  }

  /** Takes the question back; the focus stays where it is. */
  forget(): void {
    this.question = null;
    this.opener = null;
    this.host.requestUpdate();
  }

  /** Takes the question back; the focus returns to where it was. */
  keep(): void {
    const opener = this.opener;
    this.forget();
    void this.host.updateComplete.then(() => (opener?.isConnected ? opener : this.find("button"))?.focus());
  }

  /** Draws the question where the element wants it. */
  template(): TemplateResult | typeof nothing {
    const { question } = this;
    if (!question) {
      return nothing;
    }
    return html`<div class="confirm" role="group" aria-label=${question.name} @keydown=${this.onKey}>
      <div class="small">${question.text}</div>
      <div class="bar">
        <button type="button" class="danger" @click=${this.onYes}>${question.yes}</button>
        <button type="button" @click=${() => this.keep()}>${question.no}</button>
      </div>
    </div>`;
  }

  private readonly onYes = (): void => {
    if (this.question && performance.now() - this.shownAt >= INERT) {
      const { act } = this.question;
      this.forget();
      act();
    }
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.keep();
    }
  };

  private find(selector: string): HTMLElement | null {
    return this.host.shadowRoot?.querySelector<HTMLElement>(selector) ?? null;
  }

  private focused(): HTMLElement | null {
    const element = this.host.shadowRoot?.activeElement;
    return element instanceof HTMLElement ? element : null;
  }
}
