/** The JupyterLab plugins of lakesail-notebook. */

import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, ISessionContextDialogs, IToolbarWidgetRegistry } from "@jupyterlab/apputils";
import { IFileBrowserFactory } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import { INotebookTracker } from "@jupyterlab/notebook";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { IStatusBar } from "@jupyterlab/statusbar";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { translator } from "@lakesail/notebook-ui";

import { Announcer } from "./announcer";
import { Commands } from "./command_ids";
import { NotebookCommands } from "./commands";
import { loadCardsWhenIdle } from "./elements";
import { addLauncherCards } from "./launcher";
import { addMainArea } from "./main_area";
import { addMarimo } from "./marimo/commands";
import { OpenNotebooks } from "./notebooks";
import { Notifier } from "./notification";
import { Page } from "./page";
import { panelsPlugin } from "./panels";
import { PLUGIN_ID, Settings } from "./settings";
import { addSidebar } from "./sidebar_plugin";
import { addStatusItem, StatusItem } from "./status_item";
import { addToolbarButton } from "./toolbar_button";
import { ISailSessions } from "./tokens";

export { ISailSessions } from "./tokens";

/** Only the tracker is there in each application: a Notebook 7 page has no launcher, status bar or layout restorer. */
const plugin: JupyterFrontEndPlugin<ISailSessions> = {
  id: PLUGIN_ID,
  description: "Spark sessions on Sail: sidebar, toolbar button, status bar item, launcher cards and commands.",
  autoStart: true,
  provides: ISailSessions,
  requires: [INotebookTracker],
  optional: [
    ICommandPalette,
    IFileBrowserFactory,
    ILauncher,
    ILayoutRestorer,
    ISessionContextDialogs,
    ISettingRegistry,
    IStatusBar,
    IToolbarWidgetRegistry,
    ITranslator,
  ],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    palette: ICommandPalette | null,
    browsers: IFileBrowserFactory | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null,
    dialogs: ISessionContextDialogs | null,
    registry: ISettingRegistry | null,
    statusBar: IStatusBar | null,
    toolbars: IToolbarWidgetRegistry | null,
    languages: ITranslator | null,
  ) => {
    const words = (languages ?? nullTranslator).load("lakesail_notebook");
    const t = translator((text) => words.__(text));
    const page = new Page({
      app,
      notebooks: new OpenNotebooks(tracker),
      settings: new Settings(registry),
      t,
      dialogs,
      browsers,
    });
    addMarimo(app, page, page.marimo, launcher);
    addSidebar(app, page, restorer);
    addMainArea(app, page, restorer);
    addLauncherCards(app, launcher, page, page.connector);
    const commands = new NotebookCommands(app, page);
    if (palette) {
      commands.addToPalette(palette);
    }
    if (toolbars) {
      addToolbarButton(toolbars, page);
    }
    const statusItem = statusBar && new StatusItem(page, app.shell);
    if (statusBar && statusItem) {
      addStatusItem(statusBar, statusItem);
    }
    page.notebooks.opened.connect(loadCardsWhenIdle);
    page.notebooks.all.forEach(loadCardsWhenIdle);
    const notifier = new Notifier(page, (watch) => app.shell.currentWidget === watch.panel);
    app.shell.currentChanged?.connect(notifier.look, notifier);
    page.whileOpen([commands, page.marimo.offer, new Announcer(page), notifier, ...(statusItem ? [statusItem] : [])]);
    return {
      get snapshot() {
        return page.source.snapshot;
      },
      subscribe: (listener) => page.source.subscribe(listener),
      perform: (act, where) => page.perform(act, where),
      commands: Commands,
    };
  },
};

export default [plugin, panelsPlugin];
