/** The launcher's cards: a new notebook that is connected, and the table of sessions. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ILauncher } from "@jupyterlab/launcher";

import { Commands } from "./command_ids";
import type { Connector } from "./connector";
import { sailIcon, sailPicture } from "./lab_icons";
import type { Surface } from "./surface";

export function addLauncherCards(
  app: JupyterFrontEnd,
  launcher: ILauncher | null,
  page: Surface,
  connector: Connector,
): void {
  const { t } = page;
  const defaultConfig = (): string | null =>
    page.source.snapshot.me?.defaultConfig ?? (page.settings.values.defaultConfig || null);
  app.commands.addCommand(Commands.newNotebook, {
    label: () => {
      const config = defaultConfig();
      return config ? t("launcherNotebookOn", { config }) : t("launcherNotebook");
    },
    caption: t("launcherNotebookCaption"),
    icon: sailIcon,
    describedBy: { args: { type: "object", properties: { cwd: { type: "string" } } } },
    execute: async (args) => {
      const watch = await connector.newNotebook(typeof args["cwd"] === "string" ? args["cwd"] : "");
      if (watch) {
        void page.perform({ act: "connect", choice: { config: defaultConfig() } }, { notebookPanel: watch.panel });
      }
      return watch?.panel;
    },
  });
  // Cards of the category `Notebook` show a picture, and no icon.
  launcher?.add({ command: Commands.newNotebook, category: "Notebook", rank: 5, kernelIconUrl: sailPicture });
  launcher?.add({ command: Commands.openTable, args: { inLauncher: true }, category: "Other", rank: 5 });
}
