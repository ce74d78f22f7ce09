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
  }
  .seg > button {
    border-radius: 0;
  }
  .seg > button + button {
    margin-left: -1px;
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
