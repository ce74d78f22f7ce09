/** Puts the panel into the left sidebar, with its command and the menu of its dots. */

import type { ILayoutRestorer, JupyterFrontEnd } from "@jupyterlab/application";
import { CommandToolbarButton } from "@jupyterlab/ui-components";
import {
  icons,
  isOver,
  type Menu,
  type MenuItem,
  ownLive,
  sessionOfNotebook,
  startsMarimo,
} from "@lakesail/notebook-ui";

import { Commands } from "./command_ids";
import { runBelow } from "./connect_cell";
import { sailIcon } from "./lab_icons";
import { openPicker } from "./popovers";
import { Sidebar } from "./sidebar";
import type { Surface } from "./surface";

/** After Running (200), before the table of contents. */
const RANK = 350;
const DOCUMENTATION = "https://docs.lakesail.com/sail/latest/";

export function addSidebar(app: JupyterFrontEnd, page: Surface, restorer: ILayoutRestorer | null): void {
  const sidebar = new Sidebar({
    page,
    more: () => moreMenu(app, page),
    newSession: (anchor) => newSession(page, anchor),
    marimo: new CommandToolbarButton({ commands: app.commands, id: Commands.openMarimo }),
  });
  app.shell.add(sidebar, "left", { rank: RANK });
  restorer?.add(sidebar, sidebar.id);
  app.commands.addCommand(Commands.show, {
    label: page.t("commandShow"),
    icon: sailIcon,
    describedBy: { args: { type: "object", properties: {} } },
    execute: () => app.shell.activateById(sidebar.id),
  });
}

/** For the current notebook, or for a new one when that has a session. */
function newSession(page: Surface, anchor: HTMLElement): void {
  const { current } = page.notebooks;
  const session = sessionOfNotebook(page.source.snapshot, current?.state ?? null);
  const panel = current && !(session && !isOver(session)) ? current.panel : null;
  openPicker(page, panel, anchor);
}

function moreMenu(app: JupyterFrontEnd, page: Surface): Menu {
  const { t } = page;
  const mine = ownLive(page.source.snapshot).map(({ id }) => id);
  const run = (command: string, args = {}) => {
    return (): void => void app.commands.execute(command, args);
  };
  const table: MenuItem = { label: t("openTable"), shape: icons.table, run: run(Commands.openTable) };
  const closeAll: MenuItem = {
    label: t("closeAllMine"),
    shape: icons.cross,
    disabled: mine.length === 0,
    run: () => void page.perform({ act: "closeMany", sessionIds: mine }),
  };
  const check: MenuItem = { label: t("checkConnection"), shape: icons.check, run: () => checkConnection(page) };
  const settings: MenuItem = {
    label: t("settings"),
    shape: icons.gear,
    disabled: !app.commands.hasCommand("settingeditor:open"),
    run: run("settingeditor:open", { query: t("category") }),
  };
  const documentation: MenuItem = {
    label: t("documentation"),
    shape: icons.info,
    run: () => void window.open(DOCUMENTATION, "_blank", "noopener"),
  };
  const marimo: MenuItem = {
    label: t("newMarimo"),
    shape: icons.moss,
    run: () => void page.perform({ act: "newMarimo" }),
  };
  const starts = startsMarimo(page.source.snapshot.me) ? [[marimo]] : [];
  return [...starts, [table, closeAll], [check], [settings, documentation]];
}

/** The way to a query begins in the kernel, so the notebook examines it; without one, the server is asked again. */
function checkConnection(page: Surface): void {
  const { current } = page.notebooks;
  if (current && current.state.kernel.id !== null) {
    void runBelow(current.panel, "%sail doctor");
  }
  void page.perform({ act: "retry" });
}
