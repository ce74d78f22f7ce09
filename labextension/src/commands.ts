/** The commands of the current notebook and its session, for menus, the palette and shortcuts. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ICommandPalette } from "@jupyterlab/apputils";
import { isOver, keepChoices, type Session, sessionOfNotebook, usualConfig } from "@lakesail/notebook-ui";
import type { CommandRegistry } from "@lumino/commands";

import { Commands } from "./command_ids";
import { sailIcon } from "./lab_icons";
import type { NotebookWatch } from "./notebook_watch";
import { pickerAnchor } from "./picker_anchor";
import { ask } from "./questions";
import type { Surface } from "./surface";

const NOTHING = { type: "object", properties: {} };
const SECONDS = {
  type: "object",
  properties: { seconds: { type: "integer", minimum: 1, description: "For how long from now." } },
};

export class NotebookCommands {
  private readonly commands: CommandRegistry;
  private known = "";

  constructor(
    app: JupyterFrontEnd,
    private readonly page: Surface,
  ) {
    this.commands = app.commands;
    this.addConnecting();
    this.addOfSession();
    page.notebooks.changed.connect(this.look, this);
  }

  addToPalette(palette: ICommandPalette): void {
    const category = this.page.t("category");
    const { openSession: _session, newNotebook: _notebook, openMarimo: _marimo, ...shown } = Commands;
    Object.values(shown).forEach((command) => palette.addItem({ command, category }));
  }

  /** Tells menus when other commands can be used. */
  look(): void {
    const { session, watch } = this;
    const known = `${watch !== null} ${session?.id} ${session?.status}`;
    if (known !== this.known) {
      this.known = known;
      this.commands.notifyCommandChanged();
    }
  }

  private get watch(): NotebookWatch | null {
    return this.page.notebooks.current;
  }

  private get session(): Session | null {
    return sessionOfNotebook(this.page.source.snapshot, this.watch?.state ?? null);
  }

  private get live(): Session | null {
    const { session } = this;
    return session && !isOver(session) ? session : null;
  }

  private addConnecting(): void {
    const { page } = this;
    const hasNotebook = (): boolean => this.watch !== null;
    this.add(Commands.connect, page.t("commandConnect"), hasNotebook, async () => {
      const { watch } = this;
      if (watch) {
        const config = usualConfig(page.source.snapshot, watch.state);
        await page.perform({ act: "connect", choice: { config } }, { notebookPanel: watch.panel });
      }
    });
    this.add(Commands.connectTo, page.t("commandConnectTo"), hasNotebook, async () => {
      const panel = this.watch?.panel;
      if (panel) {
        await page.perform({ act: "choose" }, { notebookPanel: panel, anchor: pickerAnchor(panel) });
      }
    });
    this.add(Commands.insertCell, page.t("commandInsert"), hasNotebook, async () => {
      const { watch } = this;
      if (watch) {
        const config = usualConfig(page.source.snapshot, watch.state);
        await page.perform({ act: "insert", choice: { config } }, { notebookPanel: watch.panel });
      }
    });
    this.add(
      Commands.newConfig,
      page.t("commandNewConfig"),
      () => true,
      () => page.perform({ act: "newConfig" }),
    );
  }

  private addOfSession(): void {
    const { page } = this;
    const { t } = page;
    const isLive = (): boolean => this.live !== null;
    this.add(Commands.close, t("commandClose"), isLive, async () => {
      const { live } = this;
      const body = t("losesUnknown");
      if (live && (await ask({ title: t("closeName"), body, confirm: t("closeSession"), cancel: t("keepIt") }))) {
        await page.perform({ act: "close", sessionId: live.id });
      }
    });
    this.add(Commands.keep, t("commandKeep"), isLive, async (asked) => {
      const { live } = this;
      const now = Date.now() + page.source.snapshot.skewMs;
      const seconds = asked ?? (live ? keepChoices(live, page.source.snapshot.me, now)[0] : undefined);
      if (live && seconds !== undefined) {
        await page.perform({ act: "keep", sessionId: live.id, seconds });
      }
    });
    this.add(Commands.interrupt, t("commandInterrupt"), isLive, async () => {
      const { live } = this;
      if (live) {
        await page.perform({ act: "interrupt", sessionId: live.id });
      }
    });
    this.add(
      Commands.relaunch,
      t("commandRelaunch"),
      () => this.session !== null,
      () => this.relaunch(),
    );
  }

  private async relaunch(): Promise<void> {
    const { session, page } = this;
    const { t } = page;
    if (!session) {
      return;
    }
    const question = { title: t("relaunchName"), body: t("losesUnknown"), confirm: t("relaunch"), cancel: t("keepIt") };
    if (isOver(session) || (await ask(question))) {
      await page.perform({ act: "relaunch", sessionId: session.id });
    }
  }

  private add(
    id: string,
    label: string,
    isEnabled: () => boolean,
    execute: (seconds: number | undefined) => Promise<void>,
  ): void {
    this.commands.addCommand(id, {
      label,
      isEnabled,
      icon: (args) => (args["isPalette"] ? undefined : id === Commands.connect ? sailIcon : undefined),
      describedBy: { args: id === Commands.keep ? SECONDS : NOTHING },
      execute: (args) => execute(typeof args["seconds"] === "number" ? args["seconds"] : undefined),
    });
  }
}
