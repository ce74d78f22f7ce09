/** Notices: an icon, a sentence, and what to do. */

import { css } from "lit";

export const notices = css`
  .notice {
    display: grid;
    grid-template-columns: 16px minmax(0, 1fr);
    overflow-wrap: anywhere;
    column-gap: 8px;
    row-gap: 6px;
    padding: 8px 12px 8px 9px;
    border-left: 3px solid var(--n, var(--ls-line-strong));
    background: color-mix(in srgb, var(--n, var(--ls-icon)) var(--ls-tint), var(--ls-bg));
  }
  .notice .dim {
    color: var(--ls-fg);
  }
  .notice > svg {
    margin-top: 1px;
    color: var(--n, var(--ls-icon));
  }
  .notice > .bar {
    grid-column: 2;
  }
  .notice > ul {
    grid-column: 1 / -1;
    list-style: none;
    margin: 0;
    padding: 0;
  }
  .notice > ul .row {
    padding: 0;
  }
  .notice > ul .row + .row {
    margin-top: 4px;
  }
  .notice.bad {
    --n: var(--ls-bad);
  }
  .notice.warn {
    --n: var(--ls-warn);
  }
  .notice.info {
    --n: var(--ls-info);
  }
  .notice .code {
    font-family: var(--ls-mono);
    font-size: 12px;
  }
`;
