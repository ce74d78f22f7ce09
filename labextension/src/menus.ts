/** Menus that elements ask for, drawn as JupyterLab's. */

import { MenuSvg } from "@jupyterlab/ui-components";
import { MENU_EVENT, type MenuItem, type MenuRequest } from "@lakesail/notebook-ui";
import { CommandRegistry } from "@lumino/commands";

import { labIcon } from "./lab_icons";

/** Keys as Lumino spells them. */
const KEYS: Readonly<Record<string, string>> = { Del: "Delete" };

/** Draws the menus of all elements in a node. */
export function drawMenusOf(node: HTMLElement): void {
  node.addEventListener(MENU_EVENT, (event) => {
    event.preventDefault();
    event.stopPropagation();
    openMenu((event as CustomEvent<MenuRequest>).detail);
  });
}

export function openMenu({ menu: groups, x, y, closed }: MenuRequest): void {
  const commands = new CommandRegistry();
  const menu = new MenuSvg({ commands });
  menu.addClass("lsn-Menu");
  groups.forEach((items, group) => {
    if (group > 0 && items.length) {
      menu.addItem({ type: "separator" });
    }
    items.forEach((item, index) => menu.addItem({ command: register(commands, `${group}:${index}`, item) }));
  });
  menu.aboutToClose.connect(() => {
    // Lumino leaves the focus on the page's body when it has closed.
    requestAnimationFrame(() => {
      closed();
      menu.dispose();
    });
  });
  menu.open(x, y);
}

function register(commands: CommandRegistry, id: string, item: MenuItem): string {
  commands.addCommand(id, {
    label: item.label,
    icon: item.shape ? labIcon(item.shape) : undefined,
    isEnabled: () => !item.disabled,
    // After the focus went back, so that what opens now returns it there.
    execute: () => void requestAnimationFrame(item.run),
  });
  if (item.key) {
    // Only shown: nothing feeds keys to this registry.
    commands.addKeyBinding({ command: id, keys: [KEYS[item.key] ?? item.key], selector: "body" });
  }
  return id;
}
