/** What the config form adds to the styles of forms. */

import { css } from "lit";

export const configFormStyles = css`
  :host {
    display: block;
    container-type: inline-size;
  }
  .title {
    font-size: 18.7px;
    line-height: 21px;
    overflow-wrap: anywhere;
  }
  .label {
    font-weight: 600;
    color: var(--ls-fg-strong);
  }
  form .notice {
    margin: 0 -12px;
  }
  .name {
    display: flex;
    align-items: center;
    gap: 8px;
    min-height: 24px;
    padding: 8px 12px 0;
  }
  .field {
    min-width: 0;
    align-content: start;
  }
  .field .err {
    overflow-wrap: anywhere;
  }
  .field .err svg {
    flex: none;
  }
  .kv > * {
    min-width: 0;
  }
  .kv textarea {
    font-family: var(--ls-mono);
    font-size: 12px;
  }
  .four {
    display: grid;
    grid-template-columns: 1fr 1fr 1fr 1fr;
    gap: 6px;
  }
  fieldset {
    min-width: 0;
  }
  legend:focus-visible {
    outline: 2px solid var(--ls-accent);
  }
  label.radio {
    font-weight: 400;
    color: var(--ls-fg);
  }
  button.link svg {
    margin-left: -4px;
  }
  @container (max-width: 400px) {
    .two,
    .four {
      grid-template-columns: minmax(0, 1fr);
    }
  }
  @container (max-width: 319px) {
    .kv {
      grid-template-columns: minmax(0, 1fr) 24px;
    }
    .kv > :first-child {
      grid-column: 1 / -1;
    }
    .kv > span:empty {
      display: none;
    }
  }
`;
