/** What loads shows only after 300 ms, so that quick answers do not flash. */

import { css, html, type TemplateResult } from "lit";

export const late = css`
  .late {
    animation: ls-late 0s 300ms both;
  }
  @keyframes ls-late {
    from {
      visibility: hidden;
    }
  }
  .skel {
    height: 8px;
    border-radius: 2px;
    background: var(--ls-bg-soft);
  }
  .empty-q .skel {
    margin: 8px 0;
  }
`;

/** Grey bars where a list will stand. */
export function loadingBars(name: string): TemplateResult {
  return html`<div class="empty-q late" aria-busy="true" aria-label=${name} role="status">
    ${[65, 50, 58].map((width) => html`<div class="skel" style="width:${width}%"></div>`)}
  </div>`;
}
