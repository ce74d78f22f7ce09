/** The popovers of a notebook: the picker, and the card of its session. */

import type { NotebookPanel } from "@jupyterlab/notebook";
import { type Act, isOver, type Notebook, sessionOfNotebook, tagNames } from "@lakesail/notebook-ui";

import type { Widget } from "@lumino/widgets";

import { ElementWidget } from "./element_widget";
import { drawMenusOf } from "./menus";
import { Popover, type PopoverOptions } from "./popover";
import type { Surface, Where } from "./surface";

interface PickerProperties {
  notebook: Notebook | null;
  remembered: string | null;
  newConfigs: boolean;
}

/** The picker. Without a notebook, connecting opens a new one. */
export function openPicker(page: Surface, panel: NotebookPanel | null, anchor: HTMLElement): void {
  const watch = panel && page.notebooks.of(panel);
  const where: Where = { notebookPanel: panel, anchor, picked: true, newNotebook: panel === null };
  const content = new ElementWidget<PickerProperties>(tagNames.picker, page, (act) => void onAct(act));
  const onAct = async (act: Act): Promise<void> => {
    if (act.act === "cancel") {
      Popover.close();
      return;
    }
    if (act.act === "newConfig") {
      Popover.close();
    }
    await page.perform(act, where);
    const failed = page.source.snapshot.acts["connect"]?.phase === "failed";
    if (act.act === "connect" && !failed && !content.isDisposed) {
      Popover.close();
    }
  };
  content.set({ newConfigs: true });
  drawMenusOf(content.node);
  followNotebook(page, panel, content, () =>
    content.set({ notebook: watch?.state ?? null, remembered: watch?.state.remembered ?? null }),
  );
  const before = watch && sessionOfNotebook(page.source.snapshot, watch.state)?.id;
  // The picker has done its work as soon as the session is there, though it may still start.
  const stop = page.source.subscribe(() => {
    const session = watch && sessionOfNotebook(page.source.snapshot, watch.state);
    if (session && session.id !== before && !isOver(session)) {
      Popover.close();
    }
  });
  content.disposed.connect(stop);
  Popover.toggle({ anchor, side: sideOf(anchor), content, label: page.t("pickerPopoverName") });
}

export function openCard(page: Surface, panel: NotebookPanel, anchor: HTMLElement): void {
  const watch = page.notebooks.of(panel);
  const where: Where = { notebookPanel: panel, anchor };
  const content = new ElementWidget<{ notebook: Notebook | null }>(tagNames.here, page, (act) => {
    if (act.act === "openSession" || act.act === "openTable") {
      Popover.close();
    }
    void page.perform(act, where);
  });
  drawMenusOf(content.node);
  followNotebook(page, panel, content, () => content.set({ notebook: watch.state }));
  Popover.toggle({ anchor, side: sideOf(anchor), content, label: page.t("cardPopover") });
}

/** Calls `update` now and after each change, until the content is gone. The popover of a closed notebook closes. */
function followNotebook(page: Surface, panel: NotebookPanel | null, content: Widget, update: () => void): void {
  const look = (): void => (panel?.isDisposed ? Popover.close() : update());
  page.notebooks.changed.connect(look);
  content.disposed.connect(() => page.notebooks.changed.disconnect(look));
  update();
}

function sideOf(anchor: HTMLElement): NonNullable<PopoverOptions["side"]> {
  if (anchor.closest(".jp-SidePanel")) {
    return "left";
  }
  return anchor.closest(".lsn-Status") ? "above" : "right";
}
