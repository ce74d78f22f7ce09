/** Our icons: 16 x 16, strokes of 1.4 px in the current color. `icon(sail)` draws one. */

import { html, svg, type SVGTemplateResult, type TemplateResult } from "lit";

export const sail = svg`<path d="M8.6 1.6c2.9 2.5 4.7 5.6 5 9.2h-5z" fill="currentColor"/><path d="M6.8 4.3v6.5H2.6c.5-2.7 1.9-4.9 4.2-6.5z"/><path d="M1.8 12.8h12.4l-1.2 1.7H3.1z" fill="currentColor" stroke="none"/>`;
export const pending = svg`<circle cx="8" cy="8" r="5" stroke-dasharray="3.4 1.836" stroke-width="1.8" stroke-linecap="butt"/>`;
export const active = svg`<circle cx="8" cy="8" r="5.5" fill="currentColor" stroke="none"/>`;
export const idle = svg`<circle cx="8" cy="8" r="5.3"/><path d="M6.6 6v4M9.4 6v4"/>`;
export const soon = svg`<circle cx="8" cy="8" r="5.3" stroke-width="1.6"/><path d="M8 5v3.2l2 1.3" stroke-width="1.6"/>`;
export const closed = svg`<circle cx="8" cy="8" r="5.3"/><path d="M5.5 8h5"/>`;
export const failed = svg`<path d="M8 2.2 14.4 13.4H1.6z" fill="currentColor" stroke="currentColor"/><path d="M8 6.4v3.4M8 11.6v.1" style="stroke:var(--ls-bg)" stroke-width="1.6"/>`;
export const unknown = svg`<circle cx="8" cy="8" r="5.3" stroke-dasharray="1.5 1.83" stroke-linecap="butt"/><path d="M3 13 13 3"/>`;
export const add = svg`<path d="M8 3v10M3 8h10"/>`;
export const cross = svg`<path d="m4 4 8 8M12 4l-8 8"/>`;
export const dots = svg`<path d="M8 3.5v.01M8 8v.01M8 12.5v.01" stroke-width="2.4"/>`;
export const filter = svg`<path d="M2.5 4h11M4.8 8h6.4M6.8 12h2.4"/>`;
export const insert = svg`<path d="M5.5 4 1.8 8l3.7 4M10.5 4l3.7 4-3.7 4"/>`;
export const down = svg`<path d="m4.5 6.5 3.5 3.5 3.5-3.5"/>`;
export const right = svg`<path d="M6.5 4.5 10 8l-3.5 3.5"/>`;
export const cardown = svg`<path d="M4.6 6.4h6.8L8 9.9z" fill="currentColor" stroke="none"/>`;
export const carright = svg`<path d="M6.4 4.6v6.8L9.9 8z" fill="currentColor" stroke="none"/>`;
export const later = svg`<circle cx="7" cy="8.5" r="4.8"/><path d="M7 6v2.7l1.6 1M12.5 1.8v4M10.5 3.8h4"/>`;
export const launch = svg`<path d="M9 2.8h4.2V7M13.2 2.8 7.6 8.4M6.4 3.6H2.8v9.6h9.6V9.6"/>`;
export const moss = svg`<circle cx="8" cy="8" r="5.6"/><path d="M4.7 9.4c1.2 0 1.9-.7 2-1.9M8 11.4c1.2-.2 1.9-1.1 1.7-2.3M9 6.6c.8.6 1.7.5 2.4-.2"/>`;
export const again = svg`<path d="M12.8 8a4.8 4.8 0 1 1-1.5-3.5M12.7 2v3h-3"/>`;
export const stop = svg`<path d="M4.5 4.5h7v7h-7z" fill="currentColor"/>`;
export const log = svg`<path d="M3 4h10M3 8h10M3 12h6"/>`;
export const table = svg`<path d="M2.5 3.5h11v9h-11zM2.5 6.7h11M6.5 6.7v5.8"/>`;
export const edit = svg`<path d="m3 13 .6-2.8L10.8 3l2.2 2.2-7.2 7.2z"/>`;
export const bin = svg`<path d="M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5"/>`;
export const copy = svg`<path d="M5.5 5.5h7v8h-7zM3.5 10.5v-8h7"/>`;
export const check = svg`<path d="m3.5 8.5 3 3 6-7"/>`;
export const info = svg`<circle cx="8" cy="8" r="5.3"/><path d="M8 7.5v3M8 5.3v.1" stroke-width="1.6"/>`;
export const warn = svg`<path d="M8 2.2 14.4 13.4H1.6z"/><path d="M8 6.6v3.2M8 11.5v.1" stroke-width="1.6"/>`;
export const run = svg`<circle cx="8" cy="8" r="6"/><path d="M6 6h4v4H6z" fill="currentColor"/>`;
export const user = svg`<circle cx="8" cy="5.5" r="2.7"/><path d="M2.8 13.5c.6-2.7 2.6-4 5.2-4s4.6 1.3 5.2 4"/>`;
export const lock = svg`<path d="M4 7.5h8v6H4zM5.8 7.5V5.2a2.2 2.2 0 0 1 4.4 0v2.3"/>`;
export const gear = svg`<circle cx="8" cy="8" r="2.3"/><path d="M8 2v2M8 12v2M2 8h2M12 8h2M3.8 3.8l1.4 1.4M10.8 10.8l1.4 1.4M12.2 3.8l-1.4 1.4M5.2 10.8l-1.4 1.4"/>`;
export const key = svg`<circle cx="5.2" cy="10.8" r="2.7"/><path d="M7.2 8.8 13 3M10.6 5.4l1.8 1.8M12.4 3.6 14 5.2"/>`;
export const kernel = svg`<circle cx="8" cy="8" r="5.3"/>`;
export const size = svg`<path d="M2.5 3h11v4.2h-11zM2.5 8.8h11V13h-11zM5 5.1h.1M5 10.9h.1M8 5.1h3M8 10.9h3"/>`;

/** Draws an icon; it says nothing to a screen reader, so text or a label stands beside it.

    `className` takes a mark of status (`st-active`) or `i` for the color of icons. */
export function icon(shape: SVGTemplateResult, className = ""): TemplateResult {
  return html`<svg viewBox="0 0 16 16" aria-hidden="true" class=${className}>${shape}</svg>`;
}
