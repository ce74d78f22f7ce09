/** Menus and popovers. */

import { css } from "lit";

export const menu = css`
  .menu {
    border: 1px solid var(--ls-line-strong);
    box-shadow: var(--jp-elevation-z6);
    padding: 4px 0;
    width: 256px;
    white-space: nowrap;
  }
  .menu > div {
    display: grid;
    grid-template-columns: 16px 1fr auto;
    gap: 10px;
    align-items: center;
    height: 24px;
    padding: 0 12px 0 8px;
  }
  .menu > div.on {
    background: var(--ls-bg-soft);
  }
  .menu > hr {
    border: 0;
    border-top: 1px solid var(--ls-line);
    margin: 4px 0;
  }
  .sr {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .menu > .on .k {
    color: var(--ls-fg);
  }
  .menu .k {
    color: var(--ls-fg-dim);
    font-size: 12px;
  }
  .menu .off {
    color: var(--ls-fg-off);
  }
  .pop {
    border: 1px solid var(--ls-line-strong);
    box-shadow: var(--jp-elevation-z6);
    width: 340px;
  }
`;
