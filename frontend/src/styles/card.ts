/** The card of a notebook's session. */

import { css } from "lit";

export const card = css`
  .here-card {
    padding: 8px 12px 10px;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 4px;
  }
  .here-card .head {
    display: flex;
    align-items: center;
    gap: 8px;
    min-height: 24px;
  }
  .here-card .word {
    flex: none;
    white-space: nowrap;
  }
  .here-card .body {
    padding-left: 24px;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 4px;
  }
  .here-card .bar {
    margin-top: 4px;
  }
  .meter {
    height: 2px;
    background: var(--ls-line);
    border-radius: 1px;
    overflow: hidden;
    margin: 2px 0;
  }
  .meter > i {
    display: block;
    height: 2px;
    width: 38%;
    background: var(--ls-info);
  }
  .steps {
    display: grid;
    gap: 2px;
  }
  .steps > div {
    display: grid;
    grid-template-columns: 16px 1fr auto;
    gap: 8px;
    align-items: center;
    min-height: 20px;
  }
  .confirm {
    overflow-wrap: anywhere;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 6px;
    overflow-wrap: anywhere;
    padding: 8px;
    border: 1px solid var(--ls-line-strong);
    border-radius: 2px;
  }
  .empty {
    padding: 10px 12px 12px;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 8px;
    justify-items: start;
    overflow-wrap: anywhere;
  }
  .skel {
    height: 8px;
    border-radius: 2px;
    background: var(--ls-bg-soft);
  }
  .stale,
  .stale b {
    color: var(--ls-fg-dim);
    font-weight: 400;
  }
  .notice .mono {
    overflow-wrap: anywhere;
  }
  .bar .push {
    margin-left: auto;
  }
  @container (max-width: 259px) {
    .here-card .bar > button:not(.icon) > svg,
    .here-card .bar > button > .count svg {
      display: none;
    }
    .here-card .facts {
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .meter > i {
      width: 100%;
    }
  }
`;
