/** Draws a panel in a notebook's output: at once the picture that was saved with it, and the live widget in its place when
    the kernel has one. JupyterLab by itself shows an error for a widget whose kernel is gone. */

import type { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { PictureSource, tagNames, type Notebook, type Source, type Translate } from "@lakesail/notebook-ui";
import { PanelLayout, Widget } from "@lumino/widgets";

import { elementReady } from "../elements";

export const PANEL_TYPE = "application/vnd.lakesail.panel+json";
const WIDGET_TYPE = "application/vnd.jupyter.widget-view+json";

/** A renderer that was made before the widget manager knows the model never shows it, so another one is made. */
const TRY_EVERY = 700;
const TRIES = 22;
/** What the live panel has on its element. */
const LIVE = "[data-lm-suppress-shortcuts]";

type PanelElement = HTMLElement & {
  source: Source | null;
  notebook: Notebook | null;
  saved: boolean;
  t: Translate;
};

export class PanelRenderer extends Widget implements IRenderMime.IRenderer {
  private readonly picture = new Widget();
  private drawn: PictureSource | null = null;
  private live: IRenderMime.IRenderer | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly rendermime: IRenderMimeRegistry,
    private readonly t: Translate,
  ) {
    super();
    const layout = (this.layout = new PanelLayout());
    layout.addWidget(this.picture);
  }

  /** Draws the picture; the live widget comes later. */
  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.stopTrying();
    this.dropLive();
    const drawn = this.draw(new PictureSource(model.data[PANEL_TYPE]), String(model.data["text/plain"] ?? ""));
    if (model.trusted && model.data[WIDGET_TYPE]) {
      this.tryLive(model, TRIES);
    }
    return drawn;
  }

  override dispose(): void {
    this.stopTrying();
    super.dispose();
  }

  /** @param text stands there while the elements cannot be loaded. */
  private async draw(source: PictureSource, text: string): Promise<void> {
    const host = this.picture.node;
    this.drawn = source;
    this.picture.show();
    const loaded = await elementReady(tagNames.panel).catch(() => false);
    if (this.drawn !== source) {
      return;
    }
    if (!loaded) {
      const plain = document.createElement("pre");
      plain.textContent = text;
      host.replaceChildren(plain);
      return;
    }
    const element = document.createElement(tagNames.panel) as PanelElement;
    Object.assign(element, { source, notebook: source.notebook, saved: true, t: this.t });
    element.setAttribute("data-lm-suppress-shortcuts", "true");
    host.replaceChildren(element);
  }

  private tryLive(model: IRenderMime.IMimeModel, tries: number): void {
    if (tries === 0 || this.isDisposed) {
      return;
    }
    // JupyterLab may have no widgets, or have them later.
    if (this.rendermime.getFactory(WIDGET_TYPE)) {
      const live = (this.live = this.rendermime.createRenderer(WIDGET_TYPE));
      live.hide();
      (this.layout as PanelLayout).addWidget(live);
      // Without a kernel this fails, which is what the picture is for.
      live.renderModel(model).catch(() => undefined);
    }
    this.lookForLive(model, tries);
  }

  private lookForLive(model: IRenderMime.IMimeModel, tries: number): void {
    this.timer = setTimeout(() => {
      const { live } = this;
      if (live?.node.querySelector(LIVE)) {
        this.drawn = null;
        this.picture.hide();
        this.picture.node.replaceChildren();
        live.show();
      } else {
        this.dropLive();
        this.tryLive(model, tries - 1);
      }
    }, TRY_EVERY);
  }

  private dropLive(): void {
    this.live?.dispose();
    this.live = null;
  }

  private stopTrying(): void {
    if (this.timer !== null) {
      clearTimeout(this.timer);
      this.timer = null;
    }
  }
}
