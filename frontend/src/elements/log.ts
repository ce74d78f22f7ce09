/** `sail-log`: the last lines of an engine's log. It follows the end until somebody scrolls up. */

import { css, html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";

import { LOG_LINES, logLines, type LogLine } from "../model/log_lines";
import { controls } from "../styles/controls";
import { facts } from "../styles/facts";
import { notices } from "../styles/notices";
import { tokens } from "../styles/tokens";
import { define } from "../version";
import { Copied } from "./copied";
import { SailElement } from "./element";
import { late, loadingBars } from "./late";
import { loadFailure } from "./load_failure";
import { button } from "./templates";

/** So near to the end, in pixels, is at the end. */
const NEAR = 4;

export class SailLog extends SailElement {
  static override styles = [
    tokens,
    controls,
    facts,
    notices,
    late,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-height: 0;
      }
      pre.log {
        flex: 1 1 auto;
        max-height: var(--ls-log-height, 170px);
      }
      pre.log:focus-visible {
        outline: 2px solid var(--ls-accent);
        outline-offset: -2px;
      }
      footer {
        display: flex;
        align-items: center;
        gap: 8px;
        padding: 6px 8px 6px 12px;
        border-top: 1px solid var(--ls-line);
      }
    `,
  ];

  @property() sessionId = "";
  /** How many lines are shown. */
  @property({ type: Number }) rows = LOG_LINES;

  @state() private following = true;
  private readonly copied = new Copied(this, (act) => this.ask(act));

  protected override updated(): void {
    this.watchOnly(this.sessionId ? [{ topic: "log", sessionId: this.sessionId }] : []);
    if (this.following) {
      this.toEnd();
    }
  }

  protected override render(): unknown {
    const { t } = this;
    const log = this.snapshot?.logs[this.sessionId];
    const failure = log?.problem ? loadFailure(t, "logFailed", log.problem, () => this.ask({ act: "retry" })) : nothing;
    if (!log?.items) {
      return log?.problem ? failure : loadingBars(t("logLoading"));
    }
    return [failure, log.items.length ? this.lines(log.items) : html`<div class="empty-q">${t("logEmpty")}</div>`];
  }

  private lines(items: readonly string[]): TemplateResult {
    const { t } = this;
    const lines = logLines(items).slice(-Math.max(1, this.rows));
    const count = lines.length;
    const said = count === 1 ? t("logLastLine") : t("logLastLines", { count });
    return html`<pre
        class="log"
        role="log"
        aria-live="off"
        aria-label=${t("logName")}
        tabindex="0"
        @scroll=${this.onScroll}
      >
${lines.map(line)}</pre>
      <footer>
        <span class="small dim clip grow" title=${said}>${said}</span>
        ${this.copied.button(t, lines.map(({ time, text }) => time + text).join("\n"), t("copy"))}
        ${button(t("follow"), this.onFollow, { disabled: this.following, title: t("followHint") })}
      </footer>`;
  }

  private readonly onScroll = (event: Event): void => {
    const box = event.currentTarget;
    if (box instanceof HTMLElement) {
      this.following = box.scrollTop + box.clientHeight >= box.scrollHeight - NEAR;
    }
  };

  private readonly onFollow = (): void => {
    this.following = true;
    this.box?.focus();
  };

  private toEnd(): void {
    if (this.box) {
      this.box.scrollTop = this.box.scrollHeight;
    }
  }

  private get box(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>("pre.log");
  }
}

function line({ time, text, error }: LogLine): TemplateResult {
  return html`<span class=${error ? "e" : nothing}><span class="t">${time}</span>${text}</span>${"\n"}`;
}

define("log", SailLog);
