/** How lists scroll, and what of rows the mockup has no need of. */

import { css } from "lit";

export const listStyles = css`
  :host {
    display: block;
    height: 100%;
    overflow-y: auto;
    scrollbar-gutter: stable;
    contain: content;
    container-type: inline-size;
  }
  /* A table has a bar of its own below its tools. */
  :host([table]) {
    overflow: hidden;
    scrollbar-gutter: auto;
  }
  .row {
    min-height: 2.5rem;
    user-select: none;
  }
  .row:focus-visible {
    outline: 2px solid var(--ls-accent);
    outline-offset: -2px;
  }
  .row.chk > .box {
    display: contents;
  }
  .row.chk > .box > input {
    position: absolute;
    left: 12px;
    top: 13px;
  }
  .row.over.hover,
  .row.over.sel {
    color: var(--ls-fg);
  }
  button.group {
    width: 100%;
    height: 1.5rem;
    border: 0;
    border-radius: 0;
    justify-content: flex-start;
  }
  button.group:focus-visible {
    outline-offset: -2px;
  }
  .under {
    padding: 2px 12px 8px 36px;
  }
  .head {
    position: sticky;
    top: 0;
    z-index: 1;
    background: var(--ls-bg);
  }
  @container (max-width: 259px) {
    .under {
      padding-left: 12px;
    }
    .selbar > button {
      padding: 0 6px;
    }
  }
  .selbar {
    position: sticky;
    bottom: 0;
    z-index: 1;
  }
`;
