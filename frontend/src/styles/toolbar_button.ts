/** The button in a notebook's toolbar, with the metrics of JupyterLab's own. */

import { css } from "lit";

export const toolbarButton = css`
  :host {
    display: inline-block;
    background: none;
  }
  button {
    display: inline-grid;
    justify-items: end;
    align-content: center;
    gap: 0;
    border: 0;
    height: 24px;
    padding: 0 6px;
  }
  /* Takes the room of the longest text that the button will have, so that its neighbours stay where they are. */
  button::after {
    content: attr(data-longest);
    height: 0;
    overflow: hidden;
    visibility: hidden;
    font-weight: 600;
    padding-left: 44px;
    max-width: 212px;
    white-space: nowrap;
  }
  button > span {
    display: flex;
    align-items: center;
    gap: 5px;
  }
  bdi {
    max-width: 120px;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  svg.i {
    color: var(--ls-icon);
  }
  :host([narrow]) bdi {
    display: none;
  }
  :host([narrow]) button::after {
    content: attr(data-longest-time);
  }
  .sr {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;
