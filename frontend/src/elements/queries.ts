/** `sail-queries`: what the owner ran on a session. A click or Enter unfolds a query's text and error. */

import { html, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";

import * as icons from "../icons";
import { disobeys, OBEYS_WITHIN, queryRows, type QueryRow } from "../model/query_rows";
import { sessionOf } from "../model/session_lookup";
import { bytesText, countText } from "../model/sizes";
import { clockSeconds, duration, fullTime, nextSecond, SECOND, stopwatch, took } from "../model/times";
import type { Query } from "../model/types";
import { controls } from "../styles/controls";
import { marks } from "../styles/marks";
import { notices } from "../styles/notices";
import { queries } from "../styles/queries";
import { tokens } from "../styles/tokens";
import { define } from "../version";
import { SailElement } from "./element";
import { late, loadingBars } from "./late";
import { loadFailure } from "./load_failure";
import { bdi, button, filled, notice, refusal } from "./templates";
import { Clock } from "./ticker";
import { queryColumns } from "./query_columns";

const MARKS = {
  running: [icons.pending, "st-pending"],
  succeeded: [icons.check, "st-active"],
  failed: [icons.failed, "st-failed"],
  cancelled: [icons.closed, "st-closed"],
} as const;

export class SailQueries extends SailElement {
  static override styles = [tokens, controls, marks, notices, queries, late, queryColumns];

  @property() sessionId = "";
  /** How many of the latest are shown; 0: all. */
  @property({ type: Number }) rows = 0;

  @state() private open: ReadonlySet<string> = new Set();
  @state() private letRun: ReadonlySet<string> = new Set();
  @state() private active: string | null = null;
  private readonly clock = new Clock(this, () => this.snapshot?.skewMs ?? 0);

  protected override updated(): void {
    this.watchOnly(this.sessionId && this.isMine ? [{ topic: "queries", sessionId: this.sessionId }] : []);
  }

  private get isMine(): boolean {
    return this.snapshot !== null && sessionOf(this.snapshot, this.sessionId)?.mine !== false;
  }

  protected override render(): unknown {
    const { t, snapshot } = this;
    const loaded = snapshot?.queries[this.sessionId];
    if (snapshot && !this.isMine) {
      return html`<div class="empty-q">${t("queriesOfOwner")}</div>`;
    }
    const failure = loaded?.problem
      ? loadFailure(t, "queriesFailed", loaded.problem, () => this.ask({ act: "retry" }))
      : nothing;
    if (!snapshot || !loaded?.items) {
      return loaded?.problem ? failure : loadingBars(t("queriesLoading"));
    }
    if (!loaded.items.length) {
      const code = html`<span class="mono">spark.sql("select 1").show()</span>`;
      return [failure, html`<div class="empty-q">${filled(t, "noQueries", { code })}</div>`];
    }
    const all = queryRows(snapshot, this.sessionId);
    return [failure, this.table(this.rows > 0 ? all.slice(0, this.rows) : all, loaded.asOf), this.notices(all)];
  }

  private table(rows: readonly QueryRow[], asOf: number): TemplateResult {
    const { t } = this;
    const acts = rows.some(({ works }) => works) ? "acts" : "";
    const asked = rows.some(({ askedAt }) => askedAt !== null) ? "asked" : "";
    const active = rows.find(({ query }) => query.id === this.active) ?? rows[0];
    return html`<table class="q ${acts} ${asked}" aria-label=${t("queriesTab")} @keydown=${this.onKey}>
      <thead>
        <tr>
          <th class="s" scope="col"><span class="sr">${t("outcome")}</span></th>
          <th scope="col">${t("query")}</th>
          <th class="n time" scope="col">${t("time")}</th>
          <th class="n rows" scope="col">${t("rowsColumn")}</th>
          <th class="n data" scope="col">${t("dataColumn")}</th>
          <th class="started" scope="col">${t("startedColumn")}</th>
          <th class="act" scope="col"><span class="sr">${t("action")}</span></th>
        </tr>
      </thead>
      <tbody>
        ${rows.map((row) => this.row(row, asOf, row === active))}
      </tbody>
    </table>`;
  }

  private row(row: QueryRow, asOf: number, stop: boolean): unknown {
    const { query, works } = row;
    const open = this.open.has(query.id);
    const [shape, className] = MARKS[works ? "running" : query.outcome];
    const outcome = outcomeWord(this, query);
    return [
      html`<tr class=${works ? "run" : nothing} @click=${() => this.toggle(query.id)}>
        <td class="s" title=${outcome}>${icons.icon(shape, className)}<span class="sr">${outcome}</span></td>
        <td class="what">
          <button
            type="button"
            class="what"
            tabindex=${stop ? 0 : -1}
            aria-expanded=${open}
            title=${query.what}
            data-query=${query.id}
            @focus=${() => (this.active = query.id)}
          >
            ${bdi(query.what)}
          </button>
        </td>
        <td class="n time">${this.timeText(query, works, asOf)}</td>
        <td class="n rows">${countText(query.rows)}</td>
        <td class="n data">${bytesText(query.bytes)}</td>
        <td class="started" title=${fullTime(query.startedAt)}>${clockSeconds(query.startedAt)}</td>
        <td class="act n dim">${this.action(row, outcome)}</td>
      </tr>`,
      open ? this.unfolded(query) : nothing,
    ];
  }

  private unfolded({ what, error, tasks, outcome }: Query): TemplateResult {
    const told = tasks && outcome === "running" ? this.t("tasksDone", { ...tasks }) : "";
    return html`<tr class="more">
      <td colspan="2">
        <div class="whole">
          <pre><bdi>${what}</bdi></pre>
          ${error ? html`<div class="err">${icons.icon(icons.failed, "st-failed")}<span>${bdi(error)}</span></div>` : nothing}
          ${told ? html`<div class="dim">${told}</div>` : nothing}
        </div>
      </td>
    </tr>`;
  }

  private timeText(query: Query, works: boolean, asOf: number): string {
    if (!works || query.outcome !== "running") {
      return took(this.t, query.seconds * SECOND, 2);
    }
    const began = asOf - query.seconds * SECOND;
    this.clock.changesAt(nextSecond(began, this.clock.now()));
    return stopwatch(this.clock.now() - began);
  }

  private action({ query, works, askedAt }: QueryRow, outcome: string): unknown {
    const { t } = this;
    if (!works) {
      return query.outcome === "succeeded" ? nothing : outcome;
    }
    if (askedAt === null) {
      return button(t("interrupt"), (event) => {
        event.stopPropagation();
        this.ask({ act: "interrupt", sessionId: this.sessionId, queryId: query.id });
      });
    }
    if (!askedAt) {
      return t("askedToStop");
    }
    const now = this.clock.now();
    this.clock.changesAt(Math.min(nextSecond(askedAt, now), Math.max(now + 1, askedAt + OBEYS_WITHIN)));
    return t("askedToStopFor", { time: duration(t, Math.floor((now - askedAt) / SECOND)) });
  }

  private notices(rows: readonly QueryRow[]): unknown {
    const { t, sessionId } = this;
    const state = this.snapshot?.acts[`session:${sessionId}`];
    if (state?.phase === "failed" && state.act.act === "interrupt" && state.problem) {
      const dismiss = (): void => this.ask({ act: "dismiss", subject: `session:${sessionId}` });
      return refusal(t, state.problem, [button(t("dismiss"), dismiss)]);
    }
    const stubborn = disobeys(rows, this.clock.now(), this.letRun);
    if (!stubborn) {
      return nothing;
    }
    return notice({
      kind: "warn",
      text: html`<b>${t("computesOn")}</b> ${t("computesOnWhy")}`,
      buttons: [
        button(t("relaunch"), () => this.ask({ act: "relaunch", sessionId }), { kind: "primary", shape: icons.again }),
        button(t("letItRun"), () => (this.letRun = new Set([...this.letRun, stubborn.query.id]))),
      ],
    });
  }

  private toggle(id: string): void {
    const open = new Set(this.open);
    if (!open.delete(id)) {
      open.add(id);
    }
    this.open = open;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const buttons = [...this.renderRoot.querySelectorAll<HTMLElement>("button.what")];
    const at = buttons.findIndex((one) => one === event.target);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at >= 0 && to !== undefined) {
      event.preventDefault();
      buttons[to]?.focus();
    }
  };
}

function outcomeWord({ t }: SailQueries, { outcome }: Query): string {
  return t(outcome === "cancelled" ? "interrupted" : outcome);
}

define("queries", SailQueries);
