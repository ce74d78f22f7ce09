/** The item in the status bar: the session of the notebook in front, in the grammar of the kernel's item beside it. */

import type { IStatusBar } from "@jupyterlab/statusbar";
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { barTexts, pageTicker, sessionOfNotebook } from "@lakesail/notebook-ui";
import { Signal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";

import type { NotebookWatch } from "./notebook_watch";
import { openCard } from "./popovers";
import type { Surface } from "./surface";

const SVG = "http://www.w3.org/2000/svg";

export class StatusItem extends Widget {
  readonly activeChanged = new Signal<this, void>(this);
  private readonly button = document.createElement("button");
  private readonly text = document.createElement("bdi");
  private readonly ring = ringNode();
  private active = false;

  constructor(
    private readonly page: Surface,
    private readonly shell: JupyterFrontEnd.IShell,
  ) {
    super();
    this.addClass("lsn-Status");
    this.button.type = "button";
    this.button.append(this.ring, this.text);
    this.button.addEventListener("click", () => this.open());
    this.node.append(this.button);
    page.notebooks.changed.connect(this.refresh, this);
    page.settings.changed.connect(this.refresh, this);
    shell.currentChanged?.connect(this.refresh, this);
  }

  get isActive(): boolean {
    return this.active;
  }

  override dispose(): void {
    pageTicker().set(this, null, () => undefined);
    Signal.clearData(this);
    super.dispose();
  }

  /** The page calls it after each change while a notebook is open; without one there is nothing to show. */
  look(): void {
    this.refresh();
  }

  /** The notebook in front; none while a launcher or a file is. */
  private get front(): NotebookWatch | null {
    const { current } = this.page.notebooks;
    return current && this.shell.currentWidget === current.panel ? current : null;
  }

  private refresh(): void {
    const { source, t, settings } = this.page;
    const { front } = this;
    const { snapshot } = source;
    const session = front && sessionOfNotebook(snapshot, front.state);
    const texts = front && barTexts(t, snapshot, front.state, session, Date.now() + snapshot.skewMs);
    this.text.textContent = texts?.status ?? "";
    this.button.title = texts?.tooltip ?? "";
    this.button.setAttribute("aria-label", texts?.tooltip ?? "");
    const share = texts?.share ?? null;
    this.ring.classList.toggle("lsn-mod-hidden", share === null);
    this.ring.lastElementChild?.setAttribute("stroke-dasharray", `${Math.round((share ?? 0) * 100)} 100`);
    const at = texts?.changesAt ?? null;
    pageTicker().set(this, at === null ? null : at - snapshot.skewMs, () => this.refresh());
    const active = settings.values.showStatusItem && Boolean(texts?.status);
    if (active !== this.active) {
      this.active = active;
      this.activeChanged.emit();
    }
  }

  private open(): void {
    const { front } = this;
    if (front) {
      openCard(this.page, front.panel, this.button);
    }
  }
}

export function addStatusItem(bar: IStatusBar, item: StatusItem): void {
  bar.registerStatusItem("lakesail", {
    item,
    align: "left",
    rank: 3,
    isActive: () => item.isActive,
    activeStateChanged: item.activeChanged,
  });
}

/** The ring that empties; the text says the same. */
function ringNode(): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 14 14");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "lsn-Ring lsn-mod-hidden");
  for (const name of ["track", "left"]) {
    const circle = document.createElementNS(SVG, "circle");
    const values = { class: name, cx: "7", cy: "7", r: "5.2", pathLength: "100" };
    Object.entries(values).forEach(([key, value]) => circle.setAttribute(key, value));
    svg.append(circle);
  }
  return svg;
}
