/** Panels in the outputs of notebooks. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { translator } from "@lakesail/notebook-ui";

import { PANEL_TYPE, PanelRenderer } from "./panel_renderer";

/** Before that of widgets, which is -10: it shows an error where the kernel is gone. */
const RANK = -20;

export const panelsPlugin: JupyterFrontEndPlugin<void> = {
  id: "@lakesail/notebook-labextension:panels",
  description: "Panels of Spark sessions in notebooks, live and saved.",
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ITranslator],
  activate: (_: JupyterFrontEnd, tracker: INotebookTracker, languages: ITranslator | null) => {
    const words = (languages ?? nullTranslator).load("lakesail_notebook");
    const t = translator((text) => words.__(text));
    const prepare = ({ content: { rendermime } }: NotebookPanel): void =>
      rendermime.addFactory(
        { safe: true, mimeTypes: [PANEL_TYPE], createRenderer: () => new PanelRenderer(rendermime, t) },
        RANK,
      );
    tracker.forEach(prepare);
    tracker.widgetAdded.connect((_, panel) => prepare(panel));
  },
};
