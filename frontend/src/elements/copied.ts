/** Buttons that copy: they say `Copied` for two seconds, and nothing pops up. */

import type { ReactiveController, ReactiveControllerHost, TemplateResult } from "lit";

import * as icons from "../icons";
import type { Act } from "../model/acts";
import type { Translate } from "../strings";
import { button, iconButton } from "./templates";

const SHOWN = 2000;

export class Copied implements ReactiveController {
  private text: string | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly ask: (act: Act) => void,
  ) {
    host.addController(this);
  }

  hostDisconnected(): void {
    this.forget();
  }

  /** `label`: with words. */
  button(t: Translate, text: string, label: string): TemplateResult {
    const done = this.text === text;
    return button(done ? t("copied") : label, () => this.copy(text), { shape: done ? icons.check : icons.copy });
  }

  /** `name`: an icon alone. */
  icon(t: Translate, text: string, name: string): TemplateResult {
    const done = this.text === text;
    return iconButton(done ? icons.check : icons.copy, done ? t("copied") : name, () => this.copy(text));
  }

  private copy(text: string): void {
    this.forget();
    this.text = text;
    this.ask({ act: "copy", text });
    this.host.requestUpdate();
    this.timer = setTimeout(() => {
      this.forget();
      this.host.requestUpdate();
    }, SHOWN);
  }

  private forget(): void {
    if (this.timer !== null) {
      clearTimeout(this.timer);
    }
    this.timer = null;
    this.text = null;
  }
}
