/** The tabs of a panel. */

import { html, type TemplateResult } from "lit";

import type { Translate } from "../strings";

const TABS = ["queries", "log", "details"] as const;
export type Tab = (typeof TABS)[number];

/** @param choose with `focus`, the keyboard chose: the focus goes along. */
export function tabList(
  t: Translate,
  tab: Tab,
  content: TemplateResult,
  choose: (tab: Tab, focus: boolean) => void,
): TemplateResult[] {
  const names = { queries: t("queriesTab"), log: t("logTab"), details: t("detailsTab") };
  const onKey = (event: KeyboardEvent): void => {
    const at = TABS.indexOf(tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: TABS.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      choose(TABS[(to + TABS.length) % TABS.length] ?? tab, true);
    }
  };
  const one = (name: Tab): TemplateResult =>
    html`<button
      type="button"
      role="tab"
      id="tab-${name}"
      aria-selected=${name === tab}
      aria-controls="tab"
      tabindex=${name === tab ? 0 : -1}
      @click=${() => choose(name, false)}
    >
      ${names[name]}
    </button>`;
  return [
    html`<div class="tabs" role="tablist" aria-label=${t("tabsName")} @keydown=${onKey}>${TABS.map(one)}</div>`,
    html`<div class="tab" id="tab" role="tabpanel" aria-labelledby="tab-${tab}" tabindex="0">${content}</div>`,
  ];
}
