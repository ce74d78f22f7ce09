/** The options of a new session, in the picker. */

import { html, nothing, type TemplateResult } from "lit";

import type { ConnectChoice } from "../model/acts";
import { durationChoices, type Duration } from "../model/picker";
import type { Me } from "../model/types";
import type { Translate } from "../strings";

export type Options = Pick<ConnectChoice, "idleSeconds" | "maxSeconds" | "name">;

export interface Around {
  /** `null`: there is nothing to remember. */
  readonly remember: boolean | null;
  readonly change: (options: Options) => void;
  readonly changeRemember: (remember: boolean) => void;
}

const NAME_LENGTH = 200;

export function optionFields(t: Translate, limits: Me["limits"], options: Options, around: Around): TemplateResult {
  const { remember, change, changeRemember } = around;
  const idle = limits && durationChoices(t, limits.idleTimeout, "idle");
  const longest = limits && durationChoices(t, limits.maxDuration, "longest");
  return html`<div class="options">
    ${
      idle && longest
        ? html`<div class="two">
            ${select("idle", t("idleAfter"), idle, options.idleSeconds, (idleSeconds) => change({ ...options, idleSeconds }))}
            ${select("longest", t("longest"), longest, options.maxSeconds, (maxSeconds) => change({ ...options, maxSeconds }))}
          </div>`
        : nothing
    }
    <div class="field">
      <label for="name">${t("sessionName")}</label>
      <input
        id="name"
        type="text"
        maxlength=${NAME_LENGTH}
        autocomplete="off"
        .value=${options.name ?? ""}
        @input=${(event: Event) => change({ ...options, name: textOf(event).trim() || undefined })}
      />
    </div>
    ${
      remember === null
        ? nothing
        : html`<label class="bar check"
            ><input
              type="checkbox"
              .checked=${remember}
              @change=${(event: Event) => changeRemember((event.target as HTMLInputElement).checked)}
            />${t("remember")}</label
          >`
    }
  </div>`;
}

function select(
  id: string,
  label: string,
  choices: readonly Duration[],
  value: number | undefined,
  change: (seconds: number | undefined) => void,
): TemplateResult {
  const option = ({ seconds, text, isDefault }: Duration): TemplateResult =>
    html`<option value=${isDefault ? "" : String(seconds)} ?selected=${isDefault ? !value : value === seconds}>
      ${text}
    </option>`;
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <select id=${id} @change=${(event: Event) => change(Number(textOf(event)) || undefined)}>
      ${choices.map(option)}
    </select>
  </div>`;
}

function textOf(event: Event): string {
  return (event.target as HTMLInputElement | HTMLSelectElement).value;
}
