/** The popovers of a notebook: the picker, and the card of its session. */

import type { NotebookPanel } from "@jupyterlab/notebook";
import { type Act, isOver, type Notebook, sessionOfNotebook, tagNames } from "@lakesail/notebook-ui";

import { ElementWidget } from "./element_widget";
import { drawMenusOf } from "./menus";
import { Popover, type PopoverOptions } from "./popover";
import type { Surface, Where } from "./surface";

interface PickerProperties {
  notebook: Notebook | null;
  remembered: string | null;
  newConfigs: boolean;
}

export interface PopoverPlace {
  readonly anchor: HTMLElement;
  readonly side?: PopoverOptions["side"];
}

/** The picker. Without a notebook, connecting opens a new one. */
export function openPicker(page: Surface, panel: NotebookPanel | null, place: PopoverPlace): void {
  const watch = panel && page.notebooks.of(panel);
  const where: Where = { notebookPanel: panel, anchor: place.anchor, picked: true, newNotebook: panel === null };
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
  const update = (): void =>
    content.set({ notebook: watch?.state ?? null, remembered: watch?.state.remembered ?? null });
  update();
  page.notebooks.changed.connect(update);
  const before = watch && sessionOfNotebook(page.source.snapshot, watch.state)?.id;
  // The picker has done its work as soon as the session is there, though it may still start.
  const stop = page.source.subscribe(() => {
    const session = watch && sessionOfNotebook(page.source.snapshot, watch.state);
    if (session && session.id !== before && !isOver(session)) {
      Popover.close();
    }
  });
  content.disposed.connect(() => {
    stop();
    page.notebooks.changed.disconnect(update);
  });
  Popover.toggle({ ...place, content, label: page.t("pickerPopoverName") });
}

export function openCard(page: Surface, panel: NotebookPanel, place: PopoverPlace): void {
  const watch = page.notebooks.of(panel);
  const where: Where = { notebookPanel: panel, anchor: place.anchor };
  const content = new ElementWidget<{ notebook: Notebook | null }>(tagNames.here, page, (act) => {
    if (act.act === "openSession" || act.act === "openTable") {
      Popover.close();
    }
    void page.perform(act, where);
  });
  drawMenusOf(content.node);
  const update = (): void => content.set({ notebook: watch.state });
  update();
  page.notebooks.changed.connect(update);
  content.disposed.connect(() => page.notebooks.changed.disconnect(update));
  Popover.toggle({ ...place, content, label: page.t("cardPopover") });
}
