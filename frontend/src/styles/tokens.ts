/** The tokens that all elements read: each falls back from JupyterLab to VS Code, to marimo, and to a value of its own. */

import { css } from "lit";

export const tokens = css`
  :host {
    --ls-fg: var(
      --jp-ui-font-color1,
      var(--vscode-foreground, var(--foreground, light-dark(rgba(0, 0, 0, 0.87), rgba(255, 255, 255, 0.87))))
    );
    --ls-fg-strong: var(--jp-ui-font-color0, var(--vscode-foreground, var(--foreground, light-dark(#000, #fff))));
    --ls-fg-dim: var(
      --jp-ui-font-color2,
      var(
        --vscode-descriptionForeground,
        var(--muted-foreground, light-dark(rgba(0, 0, 0, 0.54), rgba(255, 255, 255, 0.54)))
      )
    );
    --ls-fg-off: var(
      --jp-ui-font-color3,
      var(--vscode-disabledForeground, light-dark(rgba(0, 0, 0, 0.38), rgba(255, 255, 255, 0.38)))
    );
    --ls-icon: var(--jp-inverse-layout-color3, var(--vscode-icon-foreground, light-dark(#616161, #bdbdbd)));
    --ls-bg: var(--jp-layout-color1, var(--vscode-editor-background, var(--background, light-dark(#fff, #212121))));
    --ls-bg-soft: var(--jp-layout-color2, var(--vscode-list-hoverBackground, light-dark(#eee, #424242)));
    --ls-line: var(--jp-border-color2, var(--vscode-panel-border, var(--border, light-dark(#e0e0e0, #424242))));
    --ls-line-strong: var(--jp-border-color1, var(--vscode-panel-border, light-dark(#bdbdbd, #616161)));
    --ls-accent: var(--jp-brand-color1, var(--vscode-focusBorder, light-dark(#1976d2, #2196f3)));
    --ls-accept: var(--jp-accept-color-normal, var(--vscode-button-background, #1976d2));
    --ls-ok: var(--jp-success-color1, light-dark(#388e3c, #4caf50));
    --ls-warn: var(--jp-warn-color1, light-dark(#f57c00, #ff9800));
    --ls-bad: var(--jp-error-color1, light-dark(#d32f2f, #f44336));
    --ls-info: var(--jp-info-color1, light-dark(#0097a7, #00bcd4));
    --ls-mono: var(
      --jp-code-font-family,
      var(--vscode-editor-font-family, var(--monospace-font, menlo, consolas, "DejaVu Sans Mono", monospace))
    );
    --ls-tint: 10%;
    font: 13px/18px var(--jp-ui-font-family, var(--vscode-font-family, var(--text-font, system-ui, sans-serif)));
    color: var(--ls-fg);
    background: var(--ls-bg);
    font-variant-numeric: tabular-nums;
  }
  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }
`;
