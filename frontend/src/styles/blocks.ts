/** Blocks that cards and lists share: a question, the text of an empty list, and a meter. */

import { css } from "lit";

export const blocks = css`
  .confirm {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 6px;
    padding: 8px;
    border: 1px solid var(--ls-line-strong);
    border-radius: 2px;
    overflow-wrap: anywhere;
  }
  .empty {
    padding: 10px 12px 12px;
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: 8px;
    justify-items: start;
    overflow-wrap: anywhere;
  }
  .meter {
    flex: none;
    height: 2px;
    background: var(--ls-line);
    overflow: hidden;
  }
  .meter > i {
    display: block;
    height: 2px;
    width: 38%;
    background: var(--ls-info);
  }
  @media (prefers-reduced-motion: reduce) {
    .meter > i {
      width: 100%;
    }
  }
`;
