/** Text, buttons, inputs and tags. */

import { css } from "lit";

export const controls = css`
  svg {
    width: 16px;
    height: 16px;
    flex: none;
    display: block;
    fill: none;
    stroke: currentColor;
    stroke-width: 1.4;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  .i {
    color: var(--ls-icon);
  }
  .dim {
    color: var(--ls-fg-dim);
  }
  .small {
    font-size: 12px;
    line-height: 16px;
  }
  .mono {
    font-family: var(--ls-mono);
    font-size: 12px;
  }
  .clip {
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .sr {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .grow {
    flex: 1 1 auto;
    min-width: 0;
  }
  .empty-q {
    padding: 10px 12px;
    color: var(--ls-fg-dim);
    font-size: 12px;
  }
  b {
    font-weight: 600;
    color: var(--ls-fg-strong);
  }
  a {
    color: inherit;
    text-decoration: underline;
    text-decoration-color: var(--ls-line-strong);
    text-underline-offset: 2px;
  }

  button {
    font: inherit;
    color: inherit;
    margin: 0;
    height: 24px;
    min-width: 24px;
    padding: 0 8px;
    border: 1px solid var(--ls-line-strong);
    border-radius: 2px;
    background: transparent;
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 4px;
    white-space: nowrap;
    cursor: pointer;
    flex: none;
  }
  button:hover {
    background: var(--ls-bg-soft);
  }
  button:focus-visible,
  input[type="checkbox"]:focus-visible,
  input[type="radio"]:focus-visible {
    outline: 2px solid var(--ls-accent);
    outline-offset: -1px;
  }
  button.primary {
    background: var(--ls-accept);
    border-color: var(--ls-accept);
    color: #fff;
  }
  button.primary:enabled:hover {
    background: var(--jp-accept-color-hover, #1565c0);
  }
  button.danger {
    background: var(--jp-warn-color-normal, #d32f2f);
    border-color: transparent;
    color: #fff;
  }
  button.icon {
    border-color: transparent;
    padding: 0;
    width: 24px;
    color: var(--ls-icon);
  }
  button.link {
    border: 0;
    padding: 0 2px;
    min-width: 0;
    height: 24px;
    text-decoration: underline;
    text-decoration-color: var(--ls-line-strong);
    text-underline-offset: 2px;
  }
  button.link:hover {
    background: none;
    text-decoration-color: currentColor;
  }
  button[disabled] {
    color: var(--ls-fg-off);
    border-color: var(--ls-line);
    cursor: default;
    background: none;
  }
  .bar {
    display: flex;
    align-items: center;
    gap: 6px;
    flex-wrap: wrap;
  }

  input[type="text"],
  input[type="search"],
  input[type="number"],
  select,
  textarea {
    font: inherit;
    color: var(--ls-fg);
    background: transparent;
    border: 1px solid var(--jp-input-border-color, var(--ls-line-strong));
    border-radius: 2px;
    height: 28px;
    padding: 0 8px;
    width: 100%;
    margin: 0;
  }
  textarea {
    height: 56px;
    padding: 5px 8px;
    resize: vertical;
    display: block;
  }
  select option {
    background: var(--ls-bg);
    color: var(--ls-fg);
  }
  input:not(:where([type="checkbox"], [type="radio"])):focus,
  select:focus,
  textarea:focus {
    outline: 0;
    border-color: var(--jp-input-active-border-color, var(--ls-accent));
    box-shadow: inset 0 0 4px var(--jp-input-active-box-shadow-color, transparent);
  }
  input[type="checkbox"],
  input[type="radio"] {
    accent-color: var(--ls-accept);
    margin: 0;
    width: 14px;
    height: 14px;
    flex: none;
  }
  .invalid input,
  .invalid select,
  .invalid textarea {
    border-color: var(--ls-bad);
    box-shadow: inset 0 0 0 1px var(--ls-bad);
  }
  ::placeholder {
    color: var(--ls-fg-dim);
    opacity: 1;
  }

  .tag {
    font-size: 11px;
    line-height: 16px;
    padding: 0 5px;
    border-radius: 2px;
    background: var(--ls-bg-soft);
    color: var(--ls-fg);
    white-space: nowrap;
    flex: none;
  }
  .tag.line {
    background: none;
    box-shadow: inset 0 0 0 1px var(--ls-line-strong);
    color: var(--ls-fg-dim);
  }
  .tag.warm::before {
    content: "";
    display: inline-block;
    width: 6px;
    height: 6px;
    border-radius: 3px;
    background: var(--ls-ok);
    margin-right: 4px;
    vertical-align: 1px;
  }
  .tag.warm {
    background: none;
    padding: 0;
  }
`;
