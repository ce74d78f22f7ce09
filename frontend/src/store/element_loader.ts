/** Gets a page the elements that a panel is drawn with, where nobody has defined them yet. JupyterLab's extension has
    them; elsewhere the kernel tells their script, and the page runs it once. So what each panel sends, and what stays
    of it in a saved notebook, is small. */

import { Fields } from "../api/fields";
import { filled } from "../strings/filled";
import { widgetStrings } from "../strings/widget";
import type { KernelModel } from "./model_source";
import type { Clock } from "./surroundings";

/** What all panels of a page know together. */
export interface ElementMemory {
  /** Until when a panel waits for the answer of its kernel; the others ask none meanwhile. */
  askedUntil: number;
  /** The script that runs, or has run. */
  running: Promise<unknown> | null;
}

/** The page, as far as elements are concerned. */
export interface ElementPage {
  readonly memory: ElementMemory;
  /** Whether somebody else on the page defines them; it is asked first. */
  offered(): Promise<boolean>;
  whenDefined(): Promise<unknown>;
  run(script: string): Promise<unknown>;
}

/** A kernel that is free answers sooner. */
const ANSWERS_WITHIN = 5000;
/** A message may be lost with its connection. The pauses double, since a busy kernel answers all of them in the end. */
const LONGEST_PAUSE = 300_000;

export class ElementLoader {
  private pause = ANSWERS_WITHIN;
  private isDone = false;
  private cancelTimer: (() => void) | null = null;

  /** @param say shows a sentence in place of the panel; `null`: none. */
  constructor(
    private readonly model: KernelModel,
    private readonly clock: Clock,
    private readonly page: ElementPage,
    private readonly say: (sentence: string | null) => void,
  ) {}

  /** @param ready is called once, when the elements are there. */
  async load(ready: () => void): Promise<void> {
    this.model.on("msg:custom", this.heard);
    this.model.on("comm_live_update", this.lives);
    void this.page.whenDefined().then(() => {
      if (!this.isDone) {
        this.dispose();
        this.say(null);
        ready();
      }
    });
    if (!(await this.page.offered())) {
      this.ask();
    }
  }

  dispose(): void {
    this.isDone = true;
    this.cancelTimer?.();
    this.model.off("msg:custom", this.heard);
    this.model.off("comm_live_update", this.lives);
  }

  private ask(): void {
    const { memory } = this.page;
    const now = this.clock.now();
    if (this.isDone) {
      return;
    }
    if (memory.askedUntil > now) {
      this.later(memory.askedUntil - now, () => this.ask());
      return;
    }
    memory.askedUntil = now + ANSWERS_WITHIN;
    try {
      this.model.send({ type: "elements" });
    } catch {
      memory.askedUntil = now;
      this.say(widgetStrings.panelNeedsKernel);
      return;
    }
    this.later(ANSWERS_WITHIN, () => {
      this.say(widgetStrings.panelWaits);
      this.later(this.pause, () => this.ask());
      this.pause = Math.min(2 * this.pause, LONGEST_PAUSE);
    });
  }

  private readonly heard = (message: unknown): void => {
    const told = new Fields<{ type: unknown; script: unknown }>(message);
    const script = told.text("script");
    if (told.text("type") === "elements" && script !== null) {
      void this.run(script);
    }
  };

  /** The connection to the kernel has begun anew, so what was asked may be lost. */
  private readonly lives = (): void => {
    this.pause = ANSWERS_WITHIN;
    this.ask();
  };

  private async run(script: string): Promise<void> {
    const { memory } = this.page;
    try {
      await (memory.running ??= this.page.run(script));
    } catch (error) {
      memory.running = null;
      this.cancelTimer?.();
      this.say(filled(widgetStrings.panelRefused, { reason: String(error) }));
    }
  }

  private later(milliseconds: number, run: () => void): void {
    this.cancelTimer?.();
    this.cancelTimer = this.clock.after(milliseconds, run);
  }
}
