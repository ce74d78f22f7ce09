/** Tabs: one stop, arrows move. */

import { html, type TemplateResult } from "lit";

export interface Tab<T extends string> {
  readonly id: T;
  readonly label: string;
}

export function tabs<T extends string>(
  name: string,
  all: readonly Tab<T>[],
  chosen: T,
  choose: (id: T) => void,
): TemplateResult {
  const onKey = (event: KeyboardEvent): void => {
    const at = all.findIndex(({ id }) => id === chosen);
    const last = all.length - 1;
    const to = { ArrowRight: at < last ? at + 1 : 0, ArrowLeft: at > 0 ? at - 1 : last, Home: 0, End: last }[event.key];
    const tab = to === undefined ? undefined : all[to];
    if (tab && to !== undefined) {
      event.preventDefault();
      choose(tab.id);
      (event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("[role=tab]")[to]?.focus();
    }
  };
  return html`<div class="tabs" role="tablist" aria-label=${name} @keydown=${onKey}>
    ${all.map(
      ({ id, label }) =>
        html`<button
          type="button"
          role="tab"
          id="tab-${id}"
          aria-controls="tab-content"
          aria-selected=${id === chosen}
          tabindex=${id === chosen ? 0 : -1}
          @click=${() => choose(id)}
        >
          ${label}
        </button>`,
    )}
  </div>`;
}
