/** Which columns of the queries fit: they leave from the right. */

import { css } from "lit";

export const queryColumns = css`
  :host {
    display: block;
    container-type: inline-size;
  }
  table.q th.s {
    width: 32px;
  }
  .time {
    width: 64px;
  }
  .rows {
    width: 72px;
  }
  .data {
    width: 78px;
  }
  .started {
    width: 76px;
  }
  .act {
    width: 92px;
  }
  .asked .act {
    width: 150px;
  }
  table.q tr:has(+ tr.more) td {
    border-bottom-color: transparent;
  }
  table.q tbody tr:not(.more) {
    cursor: pointer;
  }
  table.q tr:not(.run, .more):hover td {
    background: var(--ls-bg-soft);
  }
  table.q tr:hover td.dim {
    color: var(--ls-fg);
  }
  table.q td.what {
    padding-top: 0;
    padding-bottom: 0;
  }
  button.what {
    display: block;
    width: 100%;
    height: 24px;
    padding: 0;
    border: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    text-align: left;
    font: inherit;
    cursor: pointer;
  }
  button.what:hover {
    background: none;
  }
  .more pre {
    margin: 0;
    font: 12px/17px var(--ls-mono);
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    user-select: text;
  }
  /* As wide as the table, however many columns there are. */
  table.q .more td {
    padding: 0;
    border-bottom: 0;
    overflow: visible;
  }
  .whole {
    width: 100cqw;
    padding: 4px 12px 8px 38px;
    border-bottom: 1px solid var(--ls-line);
    white-space: normal;
  }
  .more .err {
    display: flex;
    gap: 6px;
    margin-top: 4px;
    overflow-wrap: anywhere;
  }
  .more .err svg {
    width: 14px;
    height: 14px;
    margin-top: 1px;
  }
  @container (max-width: 799px) {
    table:not(.acts) .act {
      display: none;
    }
  }
  @container (min-width: 640px) {
    .time {
      width: 74px;
    }
    .rows {
      width: 84px;
    }
  }
  @container (max-width: 639px) {
    .data,
    .started {
      display: none;
    }
  }
  @container (max-width: 479px) {
    .acts .rows {
      display: none;
    }
    .asked .act {
      width: 128px;
    }
  }
  @container (max-width: 339px) {
    .rows {
      display: none;
    }
    .acts .time {
      display: none;
    }
  }
`;
