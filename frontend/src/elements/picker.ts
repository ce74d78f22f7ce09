/** `sail-picker`: chooses what a notebook connects to. Enter and a double click connect. */

import { css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";

import { connectRefusal } from "../model/here";
import { dearer, filtered, FILTER_FROM, pickerGroups, usualEntry, type Entry, type Group } from "../model/picker";
import type { Snapshot } from "../model/snapshot";
import { card } from "../styles/card";
import { blocks } from "../styles/blocks";
import { controls } from "../styles/controls";
import { form } from "../styles/form";
import { marks } from "../styles/marks";
import { menu } from "../styles/menu";
import { notices } from "../styles/notices";
import { picker } from "../styles/picker";
import { rows } from "../styles/rows";
import { tokens } from "../styles/tokens";
import { define } from "../version";
import { connectRefused } from "./here_notices";
import { late } from "./late";
import { loadFailure } from "./load_failure";
import { optionFields, type Options } from "./picker_options";
import { SessionElement } from "./session_element";
import { bdi, button, filled, joined, mark, notice, skeleton } from "./templates";

const host = css`
  :host {
    display: block;
    container-type: inline-size;
  }
`;

export class SailPicker extends SessionElement {
  static override styles = [tokens, controls, blocks, marks, rows, form, card, notices, menu, late, picker, host];

  /** Whether a config can be made from here: a kernel may not. */
  @property({ type: Boolean }) newConfigs = false;
  @property({ type: Boolean }) cancelable = false;

  @state() private chosen: string | null = null;
  @state() private filter = "";
  @state() private more = false;
  @state() private options: Options = {};
  @state() private remember = true;

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (changed.has("notebook") && changed.get("notebook")?.path !== this.notebook?.path) {
      this.chosen = null;
      this.options = {};
    }
  }

  protected override updated(): void {
    const kernelId = this.notebook?.kernel.id;
    this.watchOnly(kernelId ? [{ topic: "estimates", kernelId }] : []);
  }

  protected override render(): unknown {
    const { t, snapshot } = this;
    if (!snapshot) {
      return nothing;
    }
    const { items, problem } = snapshot.configs;
    if (!items) {
      const retry = (): void => this.ask({ act: "retry" });
      return problem
        ? loadFailure(t, "configsFailed", problem, retry)
        : html`<div class="late">${skeleton([96, 160, 186])}</div>`;
    }
    const all = pickerGroups(t, snapshot, this.notebook, this.clock.now());
    const shown = filtered(all, this.filter);
    const chosen = this.chosenOf(shown, snapshot);
    return html`<form
        class="picker"
        aria-label=${t("pickerName")}
        @submit=${(event: Event) => this.submit(event, chosen)}
        @keydown=${this.onKey}
      >
        ${this.filterField(all)}${this.list(shown, chosen)}${this.dearerNotice(snapshot, chosen)}
        ${this.refusal(snapshot)}${this.more && chosen ? this.optionFields(snapshot, chosen) : nothing}
        ${this.foot(snapshot, chosen)}
      </form>
      ${this.menus.template()}`;
  }

  /** What Connect takes: always one of those that are seen. */
  private chosenOf(groups: readonly Group[], snapshot: Snapshot): Entry | null {
    const all = groups.flatMap(({ entries }) => entries);
    return all.find(({ key }) => key === this.chosen) ?? usualEntry(groups, snapshot);
  }

  private filterField(groups: readonly Group[]): TemplateResult | typeof nothing {
    const all = groups.flatMap(({ entries }) => entries);
    if (all.length < FILTER_FROM) {
      return nothing;
    }
    const sessions = all.filter(({ choice }) => choice.sessionId !== undefined).length;
    const configs = all.length - sessions;
    const some = sessions === 0 ? "filterConfigs" : sessions === 1 ? "filterConfigsSession" : "filterConfigsSessions";
    const label = this.t(configs < 2 ? "filterAll" : some, { configs, sessions });
    return html`<div class="tools" style="padding:6px 12px 2px">
      <input
        type="search"
        aria-label=${label}
        placeholder=${label}
        .value=${this.filter}
        @input=${(event: Event) => (this.filter = (event.target as HTMLInputElement).value)}
      />
    </div>`;
  }

  private list(shown: readonly Group[], chosen: Entry | null): TemplateResult {
    const { t, filter } = this;
    if (!shown.length) {
      const clear = button(t("clearFilter"), () => (this.filter = ""));
      return html`<div class="empty small">
        <div class="dim">${filter ? filled(t, "nothingMatches", { filter: bdi(filter) }) : t("pickerEmpty")}</div>
        ${filter ? clear : nothing}
      </div>`;
    }
    const first = shown.filter(({ label }) => label !== "computeConfigs");
    const second = shown.filter(({ label }) => label === "computeConfigs");
    const groups = (some: readonly Group[]) => some.map((group) => this.group(group, chosen));
    return html`<div class="groups ${first.length && second.length ? "halves" : ""}">
      <div>${groups(first)}</div>
      <div>${groups(second)}</div>
    </div>`;
  }

  private group({ label, entries }: Group, chosen: Entry | null): TemplateResult {
    return html`<fieldset>
      <legend>${this.t(label)}</legend>
      ${entries.map((entry) => this.row(entry, entry.key === chosen?.key))}
    </fieldset>`;
  }

  private row(entry: Entry, checked: boolean): TemplateResult {
    const { key, name, details, end, warm } = entry;
    this.clock.changesAt(entry.changesAt);
    return html`<label class="row pick ${checked ? "sel" : ""}" @dblclick=${() => this.connect(entry)}>
      <input
        type="radio"
        class="mark"
        name="to"
        .value=${key}
        .checked=${checked}
        @change=${() => (this.chosen = key)}
      />
      <span class="clip">
        <span class="l1">
          ${entry.mark ? mark(entry.mark) : nothing}<span class="clip" title=${name}>${bdi(name)}</span>
        </span>
        <span class="l2"><span class="clip" title=${details.join(" · ")}>${joined(details)}</span></span>
      </span>
      <span class="end">${warm ? html`<span class="tag warm">${end}</span>` : end}</span>
    </label>`;
  }

  private dearerNotice(snapshot: Snapshot, chosen: Entry | null): unknown {
    const { t } = this;
    const told = dearer(snapshot, this.notebook, chosen?.config ?? null);
    const values = told && { ...told, config: bdi(told.config) };
    return values ? notice({ kind: "info", text: filled(t, "dearer", values) }) : nothing;
  }

  private refusal(snapshot: Snapshot): unknown {
    const refused = connectRefusal(snapshot, this.clock.now());
    if (!refused) {
      return nothing;
    }
    const question = this.confirm.template();
    return [
      connectRefused(this.around(snapshot), refused, (session) => this.askClose(session)),
      question === nothing ? nothing : html`<div class="here-card">${question}</div>`,
    ];
  }

  private optionFields(snapshot: Snapshot, chosen: Entry): unknown {
    if (chosen.choice.sessionId !== undefined) {
      return nothing;
    }
    return optionFields(this.t, snapshot.me?.limits ?? null, this.options, {
      remember: this.notebook && chosen.config ? this.remember : null,
      change: (options) => (this.options = options),
      changeRemember: (remember) => (this.remember = remember),
    });
  }

  private foot(snapshot: Snapshot, chosen: Entry | null): TemplateResult {
    const { t } = this;
    const refused = connectRefusal(snapshot, this.clock.now());
    const running = this.isConnecting(snapshot);
    const isSession = chosen?.choice.sessionId !== undefined;
    const blocked = refused?.kind === "rate" || (refused?.kind === "quota" && !isSession);
    const { me } = snapshot;
    const may = this.newConfigs && !this.more && (me?.organizationAdmin || (me?.adminOf.length ?? 0) > 0);
    const toggle = html`<button
      type="button"
      class="link"
      aria-expanded=${this.more}
      @click=${() => (this.more = !this.more)}
    >
      ${t(this.more ? "fewerOptions" : "options")}
    </button>`;
    return html`<div class="foot">
      ${isSession ? nothing : toggle}
      <span class="bar">
        ${may ? button(t("newConfig"), () => this.ask({ act: "newConfig" })) : nothing}
        ${this.cancelable && !may ? button(t("cancel"), () => this.ask({ act: "cancel" })) : nothing}
        <button type="submit" class="primary" ?disabled=${running || blocked || !chosen}>
          ${t(running ? "connecting" : "connect")}
        </button>
      </span>
    </div>`;
  }

  private isConnecting(snapshot: Snapshot): boolean {
    return snapshot.acts["connect"]?.phase === "running" || (this.notebook?.connecting ?? "no") !== "no";
  }

  private submit(event: Event, chosen: Entry | null): void {
    event.preventDefault();
    if (chosen) {
      this.connect(chosen);
    }
  }

  private connect({ choice, config }: Entry): void {
    if (this.snapshot && this.isConnecting(this.snapshot)) {
      return;
    }
    const isSession = choice.sessionId !== undefined;
    const told = Object.fromEntries(Object.entries(this.options).filter(([, value]) => value !== undefined));
    const remember = this.remember && this.notebook !== null && config !== null;
    this.ask({ act: "connect", choice: isSession ? choice : { ...choice, ...told, remember } });
  }

  /** Esc clears the filter first, and then gives up the picker. */
  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || event.defaultPrevented || !(this.filter || this.cancelable)) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (this.filter) {
      this.filter = "";
    } else {
      this.ask({ act: "cancel" });
    }
  };
}

define("picker", SailPicker);
