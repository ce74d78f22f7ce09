/** The panel in a cell. */

import { css } from "lit";

export const panel = css`
  .panel {
    border: 1px solid var(--ls-line);
    border-radius: 2px;
    overflow: hidden;
  }
  .panel > header {
    display: flex;
    align-items: center;
    gap: 8px;
    padding: 6px 8px 6px 12px;
    min-height: 37px;
    border-bottom: 1px solid var(--ls-line);
  }
  .panel > header .facts {
    color: var(--ls-fg-dim);
    font-size: 12px;
  }
  .panel .cols {
    display: grid;
    grid-template-columns: minmax(220px, 5fr) 9fr;
  }
  .panel .cols > * + * {
    border-left: 1px solid var(--ls-line);
  }
  .panel footer {
    display: flex;
    align-items: center;
    gap: 8px;
    padding: 6px 8px 6px 12px;
    border-top: 1px solid var(--ls-line);
  }
  .tabs {
    display: flex;
    gap: 0;
    border-bottom: 1px solid var(--ls-line);
    padding: 0 4px;
  }
  .tabs > button {
    border: 0;
    border-radius: 0;
    height: 28px;
    padding: 0 8px;
    color: var(--ls-fg-dim);
    box-shadow: none;
  }
  .tabs > button[aria-selected="true"] {
    color: var(--ls-fg-strong);
    box-shadow: inset 0 -2px var(--ls-accent);
  }
`;
