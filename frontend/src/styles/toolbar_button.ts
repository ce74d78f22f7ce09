/** The button in a notebook's toolbar, with the metrics of JupyterLab's own. */

import { css } from "lit";

export const toolbarButton = css`
  :host {
    display: flex;
    background: none;
  }
  button {
    display: inline-grid;
    justify-items: end;
    align-content: center;
    gap: 0;
    border: 0;
    height: 24px;
    padding: 0;
  }
  /* Takes the room of the longest text that the button will have, so that its neighbours stay where they are. */
  button::after {
    content: attr(data-longest);
    height: 0;
    overflow: hidden;
    visibility: hidden;
    font-weight: 600;
    padding-left: 56px;
    max-width: 224px;
    white-space: nowrap;
  }
  button > span {
    display: flex;
    align-items: center;
    gap: 5px;
    height: 24px;
    padding: 0 6px;
    border-radius: 2px;
  }
  /* Only what is seen of the button lights up, not the room that it keeps. */
  button:hover {
    background: none;
  }
  button:hover > span {
    background: var(--ls-bg-soft);
  }
  button:focus-visible {
    outline: 0;
  }
  button:focus-visible > span {
    outline: 2px solid var(--ls-accent);
    outline-offset: -2px;
  }
  bdi {
    max-width: 120px;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  :host([narrow]) bdi {
    display: none;
  }
  :host([narrow]) button::after {
    content: attr(data-longest-time);
  }
`;
