/** Where the picker of a notebook opens when no button was clicked. */

import type { NotebookPanel } from "@jupyterlab/notebook";
import { tagNames } from "@lakesail/notebook-ui";

/** Our button in its toolbar; the toolbar, where that is hidden or in the toolbar's overflow. */
export function pickerAnchor(panel: NotebookPanel): HTMLElement {
  const button = panel.toolbar.node.querySelector<HTMLElement>(tagNames.button);
  return button?.offsetParent ? button : panel.toolbar.node;
}
