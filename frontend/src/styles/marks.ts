/** Marks of status, and the ring of the countdown. */

import { css } from "lit";

export const marks = css`
  .st-pending {
    color: var(--ls-info);
  }
  .st-active {
    color: var(--ls-ok);
  }
  .st-idle {
    color: var(--ls-icon);
  }
  .st-soon {
    color: var(--ls-warn);
  }
  .st-closed {
    color: var(--ls-fg-dim);
  }
  .st-failed {
    color: var(--ls-bad);
  }
  .st-unknown {
    color: var(--ls-fg-dim);
  }
  .st-pending {
    animation: ls-turn 2s linear infinite;
  }
  @keyframes ls-turn {
    to {
      transform: rotate(360deg);
    }
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      animation: none !important;
      transition: none !important;
    }
  }

  .ring {
    width: 14px;
    height: 14px;
    stroke-width: 2.4;
    transform: rotate(-90deg);
  }
  .ring .track {
    stroke: var(--ls-line-strong);
  }
  .ring .left {
    stroke: var(--ls-icon);
    stroke-linecap: butt;
  }
  .soon .ring .left {
    stroke: var(--ls-warn);
  }
  .count {
    display: inline-flex;
    align-items: center;
    gap: 6px;
  }
  .soon {
    font-weight: 600;
    color: var(--ls-fg-strong);
  }
  @container (max-width: 259px) {
    .wide-only {
      display: none;
    }
  }
`;
