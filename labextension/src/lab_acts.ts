/** The acts that JupyterLab does, without the API. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import { Clipboard, showErrorMessage } from "@jupyterlab/apputils";
import type { Act, Config } from "@lakesail/notebook-ui";

import { Commands } from "./command_ids";
import { openConfigForm } from "./config_dialog";
import { insertConnectCell } from "./connect_cell";
import { isAnswered } from "./elements";
import type { MarimoNotebooks } from "./marimo/notebooks";
import { openCard, openPicker } from "./popovers";
import type { Surface, Where } from "./surface";

export class LabActs {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly page: Surface,
    private readonly marimo: MarimoNotebooks,
  ) {}

  /** @returns whether it was one of these. */
  async perform(act: Act, where: Where): Promise<boolean> {
    switch (act.act) {
      case "choose":
        this.pick(where);
        break;
      case "open":
        this.open(where, act.picker);
        break;
      case "insert":
        this.insert(act, where);
        break;
      case "openSession":
        await this.run(Commands.openSession, { sessionId: act.sessionId, tab: act.tab ?? "queries" });
        break;
      case "openTable":
        await this.run(Commands.openTable);
        break;
      case "openNotebook":
        await this.openNotebook(act.path);
        break;
      case "openMarimo":
        this.marimo.open(act.sessionId);
        break;
      case "newMarimo":
        await this.run(Commands.newMarimo, act.config === undefined ? {} : { config: act.config });
        break;
      case "newConfig":
        await this.form(null);
        break;
      case "editConfig":
        await this.form(this.config(act.configId));
        break;
      case "copyConfig":
        await this.form(null, this.config(act.configId) ?? undefined);
        break;
      case "copy":
        Clipboard.copyToSystem(act.text);
        break;
      case "login":
        this.logIn();
        break;
      default:
        return false;
    }
    return true;
  }

  private panelOf(where: Where): Where["notebookPanel"] {
    return where.newNotebook ? null : (where.notebookPanel ?? this.page.notebooks.current?.panel);
  }

  private pick(where: Where): void {
    if (where.anchor) {
      openPicker(this.page, this.panelOf(where) ?? null, where.anchor);
    }
  }

  private open(where: Where, picker: boolean): void {
    const panel = this.panelOf(where);
    if (picker || !panel) {
      this.pick(where);
    } else if (where.anchor) {
      openCard(this.page, panel, where.anchor);
    }
  }

  private async openNotebook(path: string): Promise<void> {
    try {
      await this.run("docmanager:open", { path });
    } catch (error) {
      await showErrorMessage(this.page.t("openItsNotebook"), error as Error);
    }
  }

  private insert(act: Extract<Act, { act: "insert" }>, where: Where): void {
    const panel = this.panelOf(where);
    if (panel) {
      insertConnectCell(panel, act.choice);
      this.app.shell.activateById(panel.id);
    }
  }

  private async form(config: Config | null, copyOf?: Config): Promise<void> {
    const { page } = this;
    const { source, t } = page;
    const perform = (act: Act): Promise<void> => page.perform(act);
    try {
      await openConfigForm({ source, t, perform, config, ...(copyOf ? { copyOf } : {}) });
    } catch {
      await showErrorMessage(t("newComputeConfig"), t(isAnswered(source) ? "formNotServed" : "formNotLoaded"));
    }
  }

  private config(id: string): Config | null {
    return this.page.source.snapshot.configs.items?.find((config) => config.id === id) ?? null;
  }

  private logIn(): void {
    const next = encodeURIComponent(location.pathname + location.search);
    location.assign(`${this.app.serviceManager.serverSettings.baseUrl}login?next=${next}`);
  }

  private async run(command: string, args: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.app.commands.execute(command, args);
  }
}
