/** The commands of marimo notebooks, for the file browser's menu, the palette and the launcher. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import { showErrorMessage } from "@jupyterlab/apputils";
import type { ILauncher } from "@jupyterlab/launcher";
import { type Act, fileName, icons, type MarimoMode } from "@lakesail/notebook-ui";
import type { ReadonlyPartialJSONObject } from "@lumino/coreutils";

import { Commands } from "../command_ids";
import { labIcon, mossPicture } from "../lab_icons";
import type { Surface } from "../surface";
import type { MarimoOffer } from "./offer";
import type { MarimoParts } from "./parts";

const CONFIG = { type: "string", description: "Name of the compute config; without it, the default." };
const PATH = { type: "string", description: "Of a .py file; without it, the current or selected one." };
const CWD = { type: "string", description: "The folder of the new file." };

export function addMarimo(
  app: JupyterFrontEnd,
  page: Surface,
  { files, notebooks, offer }: MarimoParts,
  launcher: ILauncher | null,
): void {
  const { commands } = app;
  const { t, settings } = page;
  const addServing = (id: string, mode: MarimoMode, label: string): void => {
    commands.addCommand(id, {
      label,
      icon: (args) => (args["inMenu"] ? labIcon(icons.moss) : undefined),
      isVisible: (args) => !args["inMenu"] || (offer.isGiven && files.selected !== null),
      describedBy: { args: { type: "object", properties: { path: PATH, config: CONFIG } } },
      execute: async (args) => {
        const path = text(args, "path") ?? (args["inMenu"] ? files.selected : files.current);
        if (path === null) {
          await showErrorMessage(label, t("marimoNoFile"));
        } else {
          await page.perform({ act: "startMarimo", path, mode, ...configOf(args) });
        }
      },
    });
  };
  addServing(Commands.marimoEdit, "edit", t("editMarimo"));
  addServing(Commands.marimoRun, "run", t("runMarimo"));
  commands.addCommand(Commands.newMarimo, {
    label: (args) => t(args["inLauncher"] ? "marimoNotebook" : "newMarimo"),
    caption: t("newMarimoCaption"),
    icon: (args) => (args["isPalette"] ? undefined : labIcon(icons.moss)),
    describedBy: { args: { type: "object", properties: { cwd: CWD, config: CONFIG } } },
    execute: (args) => notebooks.create(text(args, "cwd") ?? files.folder, text(args, "config") ?? undefined),
  });
  commands.addCommand(Commands.openMarimo, {
    label: t("marimoMark"),
    caption: () => {
      const file = settings.values.marimoNotebook;
      return file ? t("marimoOpens", { file: fileName(file) }) : t("newMarimoCaption");
    },
    icon: labIcon(icons.moss),
    isVisible: () => offer.isGiven,
    describedBy: { args: { type: "object", properties: {} } },
    execute: async () => {
      const path = settings.values.marimoNotebook;
      await (path ? page.perform({ act: "startMarimo", path, mode: "edit" }) : notebooks.create(files.folder));
    },
  });
  const look = (): void => commands.notifyCommandChanged(Commands.openMarimo);
  offer.changed.connect(look);
  settings.changed.connect(look);
  if (launcher) {
    followOffer(launcher, offer);
  }
}

/** The card is there while the server starts marimo. Cards of the category `Notebook` show a picture, and no icon. */
function followOffer(launcher: ILauncher, offer: MarimoOffer): void {
  const card = { command: Commands.newMarimo, args: { inLauncher: true }, category: "Notebook", rank: 6 };
  let shown: { dispose(): void } | null = null;
  const show = (): void => {
    shown?.dispose();
    shown = offer.isGiven ? launcher.add({ ...card, kernelIconUrl: mossPicture }) : null;
  };
  show();
  offer.changed.connect(show);
}

function configOf(args: ReadonlyPartialJSONObject): Pick<Extract<Act, { act: "startMarimo" }>, "config"> {
  const config = text(args, "config");
  return config === null ? {} : { config };
}

function text(args: ReadonlyPartialJSONObject, name: string): string | null {
  const value = args[name];
  return typeof value === "string" ? value : null;
}
