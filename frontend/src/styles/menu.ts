/** Menus. */

import { css } from "lit";

export const menu = css`
  .menu {
    border: 1px solid var(--ls-line-strong);
    box-shadow: var(--jp-elevation-z6);
    padding: 4px 0;
    width: 256px;
    white-space: nowrap;
  }
  .menu[popover] {
    position: fixed;
    inset: auto;
    margin: 0;
    color: inherit;
    background: var(--ls-bg);
  }
  .menu > div {
    display: grid;
    grid-template-columns: 16px 1fr auto;
    gap: 10px;
    align-items: center;
    height: 24px;
    padding: 0 12px 0 8px;
  }
  .menu > div:hover,
  .menu > div:focus {
    background: var(--ls-bg-soft);
    outline: none;
  }
  .menu > div:focus-visible {
    outline: 2px solid var(--ls-accent);
    outline-offset: -2px;
  }
  .menu > hr {
    border: 0;
    border-top: 1px solid var(--ls-line);
    margin: 4px 0;
  }
  .menu > :hover .k,
  .menu > :focus .k {
    color: var(--ls-fg);
  }
  .menu .k {
    color: var(--ls-fg-dim);
    font-size: 12px;
  }
  .menu .off {
    color: var(--ls-fg-off);
  }
`;
