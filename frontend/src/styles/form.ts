/** Forms. */

import { css } from "lit";

export const form = css`
  form {
    padding: 12px;
    display: grid;
    gap: 12px;
    margin: 0;
  }
  .field {
    display: grid;
    gap: 3px;
  }
  .field > label {
    font-weight: 600;
    color: var(--ls-fg-strong);
  }
  .field .hint {
    font-size: 12px;
    line-height: 16px;
    color: var(--ls-fg-dim);
  }
  .field .err {
    font-size: 12px;
    line-height: 16px;
    display: flex;
    gap: 5px;
  }
  .field .err svg {
    width: 14px;
    height: 14px;
    color: var(--ls-bad);
    margin-top: 1px;
  }
  .two {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 12px;
  }
  fieldset {
    border: 0;
    border-top: 1px solid var(--ls-line);
    margin: 0;
    padding: 10px 0 0;
    display: grid;
    gap: 10px;
  }
  legend {
    font-size: 11px;
    font-weight: 700;
    text-transform: uppercase;
    padding: 0 8px 0 0;
    float: left;
    line-height: 16px;
    color: var(--ls-fg);
  }
  legend + * {
    clear: both;
  }
  .radio {
    display: grid;
    grid-template-columns: 14px 1fr;
    gap: 1px 8px;
    align-items: center;
  }
  .kv {
    display: grid;
    grid-template-columns: 2fr 3fr 24px;
    gap: 6px;
    align-items: center;
  }
  .foot {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 8px;
    justify-content: flex-end;
    align-items: center;
    padding: 10px 12px;
    border-top: 1px solid var(--ls-line);
  }
  .foot > .bar {
    flex-wrap: nowrap;
    gap: 8px;
    margin-left: auto;
  }
`;
