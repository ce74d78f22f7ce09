/** The table of sessions in the main area. */

import { css } from "lit";

export const table = css`
  table.s {
    border-collapse: collapse;
    width: 100%;
    table-layout: fixed;
    font-size: 13px;
  }
  table.s th {
    text-align: left;
    font-weight: 400;
    font-size: 12px;
    color: var(--ls-fg-dim);
    padding: 0 8px;
    height: 28px;
    border-bottom: 1px solid var(--ls-line-strong);
    white-space: nowrap;
  }
  table.s td {
    padding: 0 8px;
    height: 28px;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    border-bottom: 1px solid var(--ls-line);
  }
  table.s tr.sel td {
    background: var(--ls-bg-soft);
  }
  table.s tr.over td {
    color: var(--ls-fg-dim);
  }
  table.s td svg {
    display: inline-block;
    vertical-align: -3px;
    margin-right: 6px;
  }
  table.s .tagged {
    display: flex;
    align-items: center;
  }
  table.s .tagged svg {
    flex: none;
  }
  table.s .tagged .tag {
    margin-left: 6px;
  }
  table.s .c input {
    vertical-align: middle;
  }
  table.s .c {
    width: 34px;
    padding-right: 0;
    padding-left: 12px;
  }
`;
