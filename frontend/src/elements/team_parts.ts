/** Pieces that teams see in the list and in the table: whose sessions, and the bar of a selection. */

import { html, nothing, type TemplateResult } from "lit";

import { scopesOf, type Scope } from "../model/session_order";
import type { Me } from "../model/types";
import type { Translate } from "../strings";
import { button } from "./templates";

/** Buttons of which one is pressed. */
export function choice<T extends string>(
  name: string,
  choices: readonly (readonly [T, string])[],
  chosen: T,
  choose: (value: T) => void,
): TemplateResult {
  return html`<span class="seg" role="group" aria-label=${name}
    >${choices.map(
      ([value, label]) =>
        html`<button type="button" aria-pressed=${value === chosen} @click=${() => choose(value)}>${label}</button>`,
    )}</span
  >`;
}

/** More teams than these stand in a list to choose from. */
const TEAM_BUTTONS = 2;

/** Whose sessions: only what the caller's roles give. */
export function scopeChoice(
  t: Translate,
  me: Me | null,
  scope: Scope,
  choose: (scope: Scope) => void,
): TemplateResult | typeof nothing {
  const scopes = scopesOf(me);
  if (scopes.length < 2) {
    return nothing;
  }
  const choices = scopes.map((one) => [one, scopeName(t, one)] as const);
  if ((me?.adminOf.length ?? 0) <= TEAM_BUTTONS) {
    return choice(t("scopeName"), choices, scope, choose);
  }
  const onChange = (event: Event): void => choose((event.currentTarget as HTMLSelectElement).value);
  return html`<select class="scope" aria-label=${t("scopeName")} @change=${onChange}>
    ${choices.map(([value, label]) => html`<option value=${value} ?selected=${value === scope}>${label}</option>`)}
  </select>`;
}

function scopeName(t: Translate, scope: Scope): string {
  if (scope === "mine" || scope === "all") {
    return t(scope === "all" ? "scopeAll" : "scopeMine");
  }
  return t("scopeTeam", { team: scope.slice("team:".length) });
}

export function selectionBar(
  t: Translate,
  text: string,
  title: string,
  count: number,
  clear: () => void,
  close: () => void,
): TemplateResult {
  const label = count === 1 ? t("closeOne") : t("closeMany", { count });
  return html`<div class="selbar" role="group" aria-label=${t("selectionName")}>
    <span class="clip grow" role="status" title=${title}>${text}</span>
    ${button(t("clear"), clear)} ${button(label, close, { kind: "danger" })}
  </div>`;
}
