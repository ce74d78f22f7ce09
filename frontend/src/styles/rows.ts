/** Rows of lists. */

import { css } from "lit";

export const rows = css`
  .row {
    display: grid;
    grid-template-columns: 16px minmax(0, 1fr) auto;
    column-gap: 8px;
    align-content: center;
    align-items: center;
    min-height: 40px;
    padding: 2px 8px 2px 12px;
    position: relative;
    cursor: default;
  }
  .row > .clip {
    display: contents;
  }
  .row .l1,
  .row .l2 {
    display: flex;
    align-items: center;
    gap: 6px;
    min-width: 0;
    grid-column: 2;
  }
  .row .l1 {
    grid-row: 1;
  }
  .row .l2 {
    grid-row: 2;
    grid-column: 2 / 4;
    font-size: 12px;
    line-height: 16px;
    color: var(--ls-fg-dim);
  }
  .row:has(> .acts) .l2 {
    grid-column: 2;
  }
  .row > .mark {
    grid-column: 1;
    grid-row: 1;
  }
  .row .end {
    grid-column: 3;
    grid-row: 1;
    font-size: 12px;
    line-height: 16px;
    color: var(--ls-fg-dim);
    white-space: nowrap;
    display: flex;
    gap: 5px;
    align-items: center;
  }
  .row .acts {
    grid-column: 3;
    grid-row: 1 / 3;
    display: flex;
    margin-right: -4px;
  }
  .row.one {
    min-height: 24px;
    padding-top: 0;
    padding-bottom: 0;
  }
  .row.one > .clip {
    display: block;
  }
  .row.hover,
  .row.sel {
    background: var(--ls-bg-soft);
  }
  .row.hover .l2,
  .row.sel .l2,
  .row.hover .end,
  .row.sel .end,
  .row.hover .tag.line,
  .row.sel .tag.line {
    color: var(--ls-fg);
  }
  .row.sel::before,
  .row.here::before {
    content: "";
    position: absolute;
    left: 0;
    top: 0;
    bottom: 0;
    width: 3px;
    background: var(--ls-accent);
  }
  .row.over {
    color: var(--ls-fg-dim);
  }
  .row.hover button.icon:hover {
    background: var(--jp-layout-color3, var(--ls-bg-soft));
  }
  .row.pick {
    cursor: pointer;
  }
  .row.chk {
    padding-left: 34px;
  }
  .group {
    display: flex;
    align-items: center;
    gap: 4px;
    height: 24px;
    padding: 0 8px 0 8px;
    font-size: 12px;
    color: var(--ls-fg-dim);
  }
  .group > .n {
    margin-left: auto;
    padding-right: 4px;
  }
`;
