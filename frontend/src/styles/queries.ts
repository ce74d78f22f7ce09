/** The table of queries. */

import { css } from "lit";

export const queries = css`
  table.q {
    border-collapse: collapse;
    width: 100%;
    table-layout: fixed;
    font-size: 12px;
  }
  table.q th {
    text-align: left;
    font-weight: 400;
    color: var(--ls-fg-dim);
    padding: 4px 6px;
    border-bottom: 1px solid var(--ls-line);
    white-space: nowrap;
  }
  table.q td {
    padding: 3px 6px;
    height: 24px;
    border-bottom: 1px solid var(--ls-line);
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    vertical-align: middle;
  }
  table.q tr:last-child td {
    border-bottom: 0;
  }
  table.q .n {
    text-align: right;
  }
  table.q .s {
    width: 26px;
    padding-right: 0;
    padding-left: 12px;
  }
  table.q td.s {
    text-overflow: clip;
  }
  table.q .what {
    font-family: var(--ls-mono);
  }
  table.q tr.run td {
    background: color-mix(in srgb, var(--ls-info) var(--ls-tint), var(--ls-bg));
  }
  table.q tr.run td.dim {
    color: var(--ls-fg);
  }
`;
