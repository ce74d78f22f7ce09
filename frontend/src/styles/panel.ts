/** The panel in a cell. */

import { css } from "lit";

export const panel = css`
  :host {
    display: block;
    container-type: inline-size;
    max-width: 900px;
  }
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
  .panel > header > .word,
  .panel > header > .end {
    flex: none;
    white-space: nowrap;
  }
  .panel > header > .end:not(.clip) {
    display: flex;
    align-items: center;
  }
  .panel > header > .clip {
    flex: 0 1 auto;
  }
  .panel > header > .grow {
    flex: 1 1 0;
  }
  .panel > header > .end.clip {
    flex: 0 1 auto;
  }
  .panel > header > .bar {
    margin-left: auto;
    flex-wrap: nowrap;
  }
  .panel > .said,
  .panel .cols > .said {
    padding: 8px 12px;
  }
  .panel > .said {
    display: grid;
    gap: 6px;
    justify-items: start;
  }
  .panel > .said > .confirm {
    width: 100%;
  }
  .panel > .notice {
    border-bottom: 1px solid var(--ls-line);
  }
  .panel > .notice + header,
  .panel > header:last-child {
    border-bottom: 0;
  }
  .panel > .tab {
    max-height: 252px;
    overflow: auto;
    --ls-log-height: 214px;
  }
  .panel > .tab:focus-visible {
    outline: 2px solid var(--ls-accent);
    outline-offset: -2px;
  }
  .panel > footer {
    display: none;
  }
  .panel > footer.always {
    display: flex;
  }
  .saved {
    padding: 8px 12px;
    border: 1px solid var(--ls-line);
    border-radius: 2px;
  }
  @container (max-width: 639px) {
    .panel > header .wide,
    .panel > header > .facts,
    .tabs {
      display: none;
    }
    .panel > header {
      flex-wrap: wrap;
      row-gap: 2px;
    }
    .panel > header > b.clip {
      max-width: calc(100% - 96px);
    }
    .panel > header > b.grow {
      flex-basis: auto;
    }
    .panel > header > .word {
      flex: 1 0 auto;
    }
    .panel > footer {
      display: flex;
    }
    .panel > footer.always {
      flex-wrap: wrap;
    }
    .panel .cols {
      grid-template-columns: minmax(0, 1fr);
    }
    .panel .cols > * + * {
      border-left: 0;
      border-top: 1px solid var(--ls-line);
    }
  }
  .panel > footer > .told {
    text-align: right;
  }
  @container (max-width: 259px) {
    .panel > footer {
      gap: 4px;
    }
    .panel > header button:not(.icon),
    .panel > footer > button:not(.icon) {
      padding: 0 6px;
    }
    .panel > footer > button:not(.icon) > svg {
      display: none;
    }
  }
  @container (max-width: 399px) {
    .panel > header.only > .end {
      order: 1;
      flex-basis: 100%;
    }
  }
  @container (max-width: 359px) {
    .panel > footer > .told {
      visibility: hidden;
      width: 0;
    }
  }
`;
