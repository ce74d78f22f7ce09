/** How the table scrolls, and which columns fit: they leave from the right. */

import { css } from "lit";

export const tableStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100%;
    min-height: 0;
    container-type: inline-size;
  }
  .tools {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
  }
  .tools input {
    width: 270px;
    flex: 0 1 auto;
  }
  .tools > [role="status"] {
    margin-left: auto;
  }
  .tools select.scope {
    width: auto;
  }
  .scroll {
    flex: 1 1 auto;
    min-height: 0;
    overflow-y: auto;
    scrollbar-gutter: stable;
    position: relative;
    container-type: inline-size;
  }
  table.s thead th {
    position: sticky;
    top: 0;
    z-index: 1;
    background: var(--ls-bg);
    box-shadow: inset 0 -1px var(--ls-line-strong);
    border-bottom: 0;
  }
  table.s .sort {
    border: 0;
    padding: 0;
    gap: 2px;
    font-size: 12px;
    color: inherit;
    max-width: 100%;
  }
  table.s .sort:hover {
    background: none;
    color: var(--ls-fg);
  }
  table.s th[aria-sort="ascending"] .sort,
  table.s th[aria-sort="descending"] .sort {
    font-weight: 600;
    color: var(--ls-fg-strong);
  }
  table.s th .sort svg {
    width: 12px;
    height: 12px;
  }
  table.s th[aria-sort="ascending"] .sort svg {
    transform: rotate(180deg);
  }
  table.s tbody tr[data-kind="row"] {
    height: 1.75rem;
    user-select: none;
    cursor: default;
  }
  table.s td {
    height: 1.75rem;
  }
  table.s tr[data-kind="free"] td {
    white-space: normal;
    padding: 0;
    border-bottom: 0;
    overflow: visible;
  }
  /* As wide as the table, however many columns there are. */
  .whole {
    width: 100cqw;
  }
  table.s tr.gap td {
    height: auto;
    padding: 0;
    border: 0;
  }
  table.s tr:focus-visible {
    outline: 2px solid var(--ls-accent);
    outline-offset: -2px;
  }
  table.s tr.hover td {
    background: var(--ls-bg-soft);
  }
  table.s tr.over.hover td {
    color: var(--ls-fg);
  }
  table.s tr.here td:first-child {
    box-shadow: inset 3px 0 var(--ls-accent);
  }
  table.s .n {
    text-align: right;
  }
  table.s td.n button {
    margin: -2px -4px -2px 0;
    vertical-align: middle;
  }
  table.s td.n button svg {
    margin: 0;
  }
  table.s tr > :first-child {
    padding-left: 12px;
  }
  .name {
    width: 21%;
  }
  .owner {
    width: 13%;
  }
  .config {
    width: 14%;
  }
  .started {
    width: 92px;
  }
  .closes,
  .when {
    width: 112px;
  }
  .price {
    width: 84px;
  }
  .under {
    padding: 4px 12px 8px 12px;
  }
  .confirm {
    max-width: 480px;
  }
  @container (max-width: 859px) {
    .notebook {
      display: none;
    }
    .name {
      width: auto;
    }
    .owner,
    .config {
      width: 20%;
    }
  }
  @container (max-width: 759px) {
    .started {
      display: none;
    }
  }
  @container (max-width: 659px) {
    .config {
      display: none;
    }
  }
  @container (max-width: 519px) {
    .owner {
      display: none;
    }
  }
  @container (max-width: 339px) {
    .closes {
      display: none;
    }
    .when {
      width: 84px;
    }
  }
`;
