/** The JupyterLab plugins of lakesail-notebook. */

import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker } from "@jupyterlab/notebook";

import { panelsPlugin } from "./panels";

const plugin: JupyterFrontEndPlugin<void> = {
  id: "@lakesail/notebook-labextension:plugin",
  description: "Spark sessions on Sail.",
  autoStart: true,
  requires: [INotebookTracker],
  activate: () => undefined,
};

export default [plugin, panelsPlugin];
