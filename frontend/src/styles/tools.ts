/** Search, filters and the bar of a selection. */

import { css } from "lit";

export const tools = css`
  .tools {
    padding: 6px 8px 6px 12px;
    display: grid;
    gap: 6px;
    border-bottom: 1px solid var(--ls-line);
  }
  .seg {
    display: inline-flex;
    border: 1px solid var(--ls-line-strong);
    border-radius: 2px;
  }
  .seg > button {
    border: 0;
    border-radius: 0;
    height: 24px;
    margin: -1px 0;
    padding: 0 8px;
  }
  .seg > button + button {
    border-left: 1px solid var(--ls-line-strong);
  }
  .seg > button[aria-pressed="true"] {
    background: var(--ls-bg-soft);
    font-weight: 600;
    color: var(--ls-fg-strong);
  }
  .selbar {
    display: flex;
    align-items: center;
    gap: 6px;
    padding: 6px 8px 6px 12px;
    background: var(--ls-bg-soft);
  }
`;
