/** The picker. */

import { css } from "lit";

export const picker = css`
  form.picker {
    padding: 0;
    gap: 0;
    display: block;
  }
  .picker .groups {
    max-height: 320px;
    overflow-y: auto;
    padding-top: 2px;
  }
  .picker fieldset {
    display: block;
    border: 0;
    padding: 0;
    margin: 0;
    min-width: 0;
  }
  .picker legend {
    float: none;
    width: 100%;
    font-size: 12px;
    font-weight: 400;
    line-height: 24px;
    text-transform: none;
    color: var(--ls-fg-dim);
    padding: 0 12px;
    margin-top: 4px;
  }
  .row.pick:hover {
    background: var(--ls-bg-soft);
  }
  .row.pick:hover .l2,
  .row.pick:hover .end {
    color: var(--ls-fg);
  }
  .row.pick:has(input:focus-visible) {
    outline: 2px solid var(--ls-accent);
    outline-offset: -2px;
  }
  .row.pick > input:focus-visible {
    outline: none;
  }
  .picker .foot {
    margin-top: 4px;
  }
  .picker .foot > .link {
    margin-right: auto;
  }
  .picker .options {
    padding: 10px 12px 2px;
    display: grid;
    gap: 8px;
  }
  .picker .field > label {
    font-size: 12px;
    line-height: 16px;
  }
  .picker .check {
    min-height: 24px;
    font-size: 12px;
    line-height: 16px;
  }
  @container (max-width: 299px) {
    .picker .foot,
    .picker .foot > .bar {
      column-gap: 4px;
    }
    .picker .foot > .bar > button {
      padding: 0 6px;
    }
    .picker .options > .two {
      grid-template-columns: minmax(0, 1fr);
      gap: 8px;
    }
  }
  @container (min-width: 640px) {
    .groups.halves {
      display: grid;
      grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
      align-items: start;
    }
    .picker .options {
      grid-template-columns: 2fr 1fr;
      align-items: end;
    }
  }
`;
