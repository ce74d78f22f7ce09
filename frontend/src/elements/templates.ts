/** Pieces that several elements draw. They are functions, not elements, so that long lists stay plain nodes. */

import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from "lit";

import * as icons from "../icons";
import type { Countdown } from "../model/countdown";
import type { State } from "../model/states";
import type { Problem } from "../model/types";
import type { Key, Sentence, Translate } from "../strings";

export type Piece = TemplateResult | string | number | typeof nothing;

const SHAPES: Readonly<Record<State["mark"], SVGTemplateResult>> = {
  pending: icons.pending,
  active: icons.active,
  idle: icons.idle,
  soon: icons.soon,
  closed: icons.closed,
  failed: icons.failed,
  unknown: icons.unknown,
};

/** The mark of a state. The word stands beside it, so it has no name of its own. */
export function mark(name: State["mark"], className = ""): TemplateResult {
  return icons.icon(SHAPES[name], `st-${name} ${className}`.trim());
}

/** A name that people gave: text that does not change the direction of what surrounds it. */
export function bdi(name: string): TemplateResult {
  return html`<bdi>${name}</bdi>`;
}

/** Facts with dots between them. */
export function joined(facts: readonly string[]): TemplateResult {
  return html`${facts.map((fact, index) => [index ? " · " : "", bdi(fact)])}`;
}

/** A translated text whose values are pieces of a template, each at the place of its `{name}`. */
export function filled(t: Translate, key: Key, values: Readonly<Record<string, Piece>>): Piece[] {
  return t(key)
    .split(/\{(\w+)\}/)
    .map((part, index) => (index % 2 ? (values[part] ?? `{${part}}`) : part));
}

/** A sentence of ours with its values marked as names, or a sentence of the server. */
export function sentence(t: Translate, said: Sentence | string): Piece | Piece[] {
  if (typeof said === "string") {
    return bdi(said);
  }
  const values = Object.entries(said.values ?? {}).map(([name, value]) => [name, bdi(String(value))] as const);
  return filled(t, said.key, Object.fromEntries(values));
}

const NAMES_SHOWN = 8;

/** Names of temp views, at most eight of them. */
export function listed(t: Translate, names: readonly string[]): Piece | Piece[] {
  const shown = names.slice(0, NAMES_SHOWN).map((name) => html`<span class="mono">${bdi(name)}</span>`);
  const all = html`${shown.map((name, index) => [index ? ", " : "", name])}`;
  const count = names.length - shown.length;
  return count > 0 ? filled(t, "andMore", { names: all, count }) : all;
}

/** The ring that empties; the text beside it says the same. */
export function ring(share: number): TemplateResult {
  const left = Math.round(share * 100);
  return html`<svg class="ring" viewBox="0 0 14 14" aria-hidden="true">
    <circle class="track" cx="7" cy="7" r="5.2" />
    ${
      left
        ? svg`<circle class="left" cx="7" cy="7" r="5.2" pathLength="100" stroke-dasharray="${left} 100" />`
        : nothing
    }
  </svg>`;
}

/** Ring and text; `text` is the full text, the brief one, or the short one of rows. */
export function countdownText(end: Countdown, text: string, title = ""): TemplateResult {
  return html`<span class="count ${end.soon ? "soon" : ""}" title=${title || nothing}>${ring(end.share)}${text}</span>`;
}

/** The countdown of cards and panels. Below 260 px the rule goes: see `.wide-only` in the styles. */
export function countdownLine(end: Countdown): TemplateResult {
  const rule = end.text.startsWith(end.brief) ? end.text.slice(end.brief.length) : "";
  return html`<span class="count ${end.soon ? "soon" : ""}"
    >${ring(end.share)}<span
      >${rule ? end.brief : end.text}${rule ? html`<span class="wide-only">${rule}</span>` : nothing}</span
    ></span
  >`;
}

export interface Notice {
  readonly kind: "info" | "warn" | "bad";
  readonly shape?: SVGTemplateResult;
  readonly text: unknown;
  readonly buttons?: readonly TemplateResult[];
  readonly more?: unknown;
  /** `alert` for what was refused, which is read out at once. */
  readonly role?: "status" | "alert";
  readonly title?: string;
}

export function notice({
  kind,
  shape,
  text,
  buttons = [],
  more = nothing,
  role = "status",
  title,
}: Notice): TemplateResult {
  return html`<div class="notice ${kind}" role=${role} title=${title || nothing}>
    ${icons.icon(shape ?? (kind === "info" ? icons.info : icons.warn))}
    <div class="small">${text}</div>
    ${more}${buttons.length ? html`<div class="bar">${buttons}</div>` : nothing}
  </div>`;
}

/** What the API refused, in its own words; the request's id stands in the tooltip. */
export function refusal(t: Translate, problem: Problem, buttons: readonly TemplateResult[] = []): TemplateResult {
  const title = problem.requestId ? t("request", { id: problem.requestId }) : "";
  return notice({ kind: "bad", text: bdi(problem.message), buttons, role: "alert", title });
}

export interface ButtonOptions {
  readonly kind?: "primary" | "danger" | "link" | "plain";
  readonly shape?: SVGTemplateResult;
  readonly disabled?: boolean;
  readonly title?: string;
}

export function button(label: unknown, click: (event: Event) => void, options: ButtonOptions = {}): TemplateResult {
  const { kind = "plain", shape, disabled = false, title } = options;
  return html`<button
    type="button"
    class=${kind === "plain" ? nothing : kind}
    ?disabled=${disabled}
    title=${title || nothing}
    @click=${click}
  >
    ${shape ? icons.icon(shape) : nothing}${label}
  </button>`;
}

/** A button of 24 x 24 that shows an icon alone; its name is its tooltip as well. */
export function iconButton(
  shape: SVGTemplateResult,
  name: string,
  click: (event: Event) => void,
  options: { readonly disabled?: boolean; readonly menu?: boolean } = {},
): TemplateResult {
  return html`<button
    type="button"
    class="icon"
    title=${name}
    aria-label=${name}
    aria-haspopup=${options.menu ? "menu" : nothing}
    ?disabled=${options.disabled ?? false}
    @click=${click}
  >
    ${icons.icon(shape)}
  </button>`;
}

/** Grey bars for what loads: a mark and a word, then lines of these widths. */
export function skeleton(widths: readonly number[]): TemplateResult {
  return html`<div class="here-card" aria-busy="true">
    <div class="head">
      <span class="skel" style="width:16px;height:16px;border-radius:8px"></span
      ><span class="skel" style="width:${widths[0] ?? 112}px"></span>
    </div>
    <div class="body" style="gap:9px;padding-bottom:6px">
      ${widths.slice(1).map((width) => html`<span class="skel" style="width:${width}px"></span>`)}
    </div>
  </div>`;
}
