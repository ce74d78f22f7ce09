/** The panel in a cell: an anywidget module. */

import type { RenderProps } from "@anywidget/types";

import { ACT_EVENT, type Act, type ActEvent } from "./model/acts";
import type { Notebook } from "./model/types";
import { copyText } from "./store/clipboard";
import { echo } from "./store/echo";
import { ElementLoader } from "./store/element_loader";
import { elementPage } from "./store/element_page";
import { ModelSource } from "./store/model_source";
import { PanelSource } from "./store/panel_source";
import { whenShared } from "./store/shared";
import type { Source } from "./store/source";
import { pageClock } from "./store/surroundings";
import { tagNames } from "./version";

type PanelElement = HTMLElement & { source: Source; notebook: Notebook };

/** They bind `spark` in the kernel, so nobody else can do them. */
const BY_THE_KERNEL: readonly Act["act"][] = ["connect", "relaunch", "cancel"];

export default {
  render({ model, el }: RenderProps): () => void {
    const kernel = new ModelSource(model, pageClock, crypto.randomUUID());
    const source = new PanelSource(kernel);
    const stopWaiting = whenShared((store) => source.use(store));
    const notes = document.createElement("div");
    notes.setAttribute("role", "status");
    el.append(notes);
    let panel: PanelElement | null = null;
    let waiting: string | null = null;
    const refresh = (): void => show(panel, notes, kernel, waiting);
    const stopListening = source.subscribe(refresh);
    const loader = new ElementLoader(model, pageClock, elementPage, (sentence) => {
      waiting = sentence;
      refresh();
    });
    void loader.load(() => {
      // Its properties are set when it is defined: those that are set before hide the element's own.
      panel = document.createElement(tagNames.panel) as PanelElement;
      Object.assign(panel, { source, notebook: kernel.notebook });
      // Else JupyterLab takes keys that are pressed in the panel for its own and edits the notebook. It looks at the
      // target of the key first, which is the panel itself: what is in its shadow root is not seen from outside.
      panel.setAttribute("data-lm-suppress-shortcuts", "true");
      el.insertBefore(panel, notes);
    });
    const perform = (event: Event): void => {
      event.stopPropagation();
      performAct((event as ActEvent).detail, source);
    };
    el.addEventListener(ACT_EVENT, perform);
    const stopEchoing = echo(model);
    const leave = (): void => kernel.dispose();
    addEventListener("pagehide", leave);
    return () => {
      removeEventListener("pagehide", leave);
      el.removeEventListener(ACT_EVENT, perform);
      stopEchoing();
      stopWaiting();
      loader.dispose();
      stopListening();
      kernel.dispose();
    };
  },
};

function show(panel: PanelElement | null, notes: HTMLElement, kernel: ModelSource, waiting: string | null): void {
  const { notebook } = kernel;
  if (panel && JSON.stringify(notebook) !== JSON.stringify(panel.notebook)) {
    panel.notebook = notebook;
  }
  const told = waiting === null ? kernel.notes : [...kernel.notes, waiting];
  const shown = [...notes.children].map((one) => one.textContent);
  if (shown.join("\n") !== told.join("\n")) {
    notes.replaceChildren(...told.map(paragraph));
  }
}

function paragraph(text: string): HTMLElement {
  const element = document.createElement("p");
  element.style.margin = "4px 0";
  element.textContent = text;
  return element;
}

function performAct(act: Act, { shared, kernel }: PanelSource): void {
  if (act.act === "copy" && !shared) {
    void copyText(act.text);
  } else if (shared && !BY_THE_KERNEL.includes(act.act)) {
    void shared.perform(act);
    if (act.act === "dismiss") {
      kernel.perform(act);
    }
  } else {
    kernel.perform(act);
  }
}
