/** The button in the toolbar of a notebook: it connects, and says how the session is. */

import type { IToolbarWidgetRegistry } from "@jupyterlab/apputils";
import type { NotebookPanel } from "@jupyterlab/notebook";
import { type Act, type Notebook, tagNames } from "@lakesail/notebook-ui";

import { ElementWidget } from "./element_widget";
import type { Surface } from "./surface";

/** As the settings' schema names the item. */
const ITEM = "lakesail";

/** In narrower notebooks the button shows no name. */
const NARROW = 600;

interface ButtonProperties {
  notebook: Notebook | null;
  narrow: boolean;
}

export function addToolbarButton(registry: IToolbarWidgetRegistry, page: Surface): void {
  registry.addFactory<NotebookPanel>("Notebook", ITEM, (panel) => new NotebookButton(page, panel));
}

export class NotebookButton extends ElementWidget<ButtonProperties> {
  private readonly width = new ResizeObserver(() => {
    const { offsetWidth } = this.panel.node;
    // A notebook in the background has no width.
    if (offsetWidth > 0) {
      this.set({ narrow: offsetWidth < NARROW });
    }
  });

  constructor(
    private readonly surface: Surface,
    private readonly panel: NotebookPanel,
  ) {
    super(tagNames.button, surface, (act, anchor) => this.act(act, anchor));
    this.addClass("lsn-Button");
    surface.notebooks.changed.connect(this.updateNotebook, this);
    surface.settings.changed.connect(this.updateShown, this);
    this.width.observe(panel.node);
    this.updateNotebook();
    this.updateShown();
  }

  override dispose(): void {
    this.width.disconnect();
    this.surface.notebooks.changed.disconnect(this.updateNotebook, this);
    this.surface.settings.changed.disconnect(this.updateShown, this);
    super.dispose();
  }

  private act(act: Act, anchor: HTMLElement): void {
    void this.surface.perform(act, { notebookPanel: this.panel, anchor });
  }

  private updateNotebook(): void {
    this.set({ notebook: this.panel.isDisposed ? null : this.surface.notebooks.of(this.panel).state });
  }

  private updateShown(): void {
    this.setHidden(!this.surface.settings.values.showToolbarButton);
  }
}
