/** The card of a notebook's session. */

import { css } from "lit";

export const card = css`
  .here-card .meter {
    border-radius: 1px;
    margin: 2px 0;
  }
  .here-card {
    overflow-wrap: anywhere;
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
  .stale,
  .stale b {
    color: var(--ls-fg-dim);
    font-weight: 400;
  }
  .notice .mono {
    overflow-wrap: anywhere;
  }
  .here-card .notice > .bar {
    margin-top: 0;
  }
  @container (max-width: 259px) {
    .here-card .bar {
      gap: 4px;
    }
    .here-card .bar > button:not(.icon) {
      padding: 0 6px;
    }
    .here-card .bar > button:not(.icon) > svg {
      display: none;
    }
    .here-card .facts {
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
  }
`;
