/** Lists of facts, and logs. */

import { css } from "lit";

export const facts = css`
  dl {
    display: grid;
    grid-template-columns: max-content minmax(0, 1fr);
    column-gap: 12px;
    row-gap: 3px;
    margin: 0;
    padding: 8px 12px 10px;
    font-size: 12px;
    line-height: 18px;
  }
  dt {
    color: var(--ls-fg-dim);
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
  dd > button.icon {
    margin: -4px 0;
    vertical-align: middle;
  }
  dd > button.link {
    margin: -3px 0;
  }
  dd .copy button {
    margin: -4px 0;
    vertical-align: middle;
  }
  dl + p {
    margin: 0;
    padding: 0 12px 10px;
    line-height: 18px;
  }
  pre.log {
    margin: 0;
    padding: 8px 12px;
    font: 12px/17px var(--ls-mono);
    overflow: auto;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    background: var(--jp-cell-editor-background, var(--ls-bg));
    max-height: 170px;
  }
  pre.log .e {
    box-shadow: inset 3px 0 var(--ls-bad);
    margin-left: -12px;
    padding-left: 12px;
    display: inline-block;
    width: calc(100% + 12px);
  }
  pre.log .t {
    color: var(--ls-fg);
    opacity: 0.8;
  }
`;
