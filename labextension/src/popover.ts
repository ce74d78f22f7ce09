/** A popover at a button: a widget of its own in the page's body, since Lab's popups open upwards only and take no
    focus. One is open at a time. */

import { PanelLayout, Widget } from "@lumino/widgets";

import type { SailHost } from "./element_widget";
import { focusedElement } from "./focus";

const WIDTH = 340;
const GAP = 4;

export interface PopoverOptions {
  readonly anchor: HTMLElement;
  readonly content: Widget & { readonly element: SailHost; readonly ready: Promise<void> };
  /** Where it stands: below a button and flush with its right edge, above an item of the status bar, or below
      something in the sidebar and flush with its left edge. */
  readonly side?: "right" | "above" | "left";
  readonly label: string;
}

let open: Popover | null = null;

export class Popover extends Widget {
  private readonly resized = new ResizeObserver(() => this.place());
  private readonly opener = focusedElement();

  /** Opens it, or closes the same one if it is open at the same anchor. */
  static toggle(options: PopoverOptions): void {
    const isSame = open?.options.anchor === options.anchor && open.options.label === options.label;
    open?.dispose();
    if (isSame) {
      options.content.dispose();
    } else {
      open = new Popover(options);
      Widget.attach(open, document.body);
    }
  }

  static close(): void {
    open?.giveUp();
  }

  private constructor(private readonly options: PopoverOptions) {
    super();
    this.addClass("jp-ThemedContainer");
    this.addClass("lsn-Popover");
    this.node.setAttribute("role", "dialog");
    this.node.setAttribute("aria-label", options.label);
    this.node.tabIndex = -1;
    const layout = new PanelLayout();
    layout.addWidget(options.content);
    this.layout = layout;
  }

  override dispose(): void {
    if (!this.isDisposed) {
      open = open === this ? null : open;
      super.dispose();
      this.options.anchor.setAttribute("aria-expanded", "false");
    }
  }

  /** Closes it and gives the focus back. */
  giveUp(): void {
    const held = this.node.contains(document.activeElement);
    this.dispose();
    if (held) {
      const { opener } = this;
      (opener?.isConnected ? opener : this.options.anchor).focus();
    }
  }

  protected override onAfterAttach(): void {
    document.addEventListener("pointerdown", this.onPointerDown, true);
    this.node.addEventListener("keydown", this.onKeyDown);
    window.addEventListener("resize", this.place);
    this.resized.observe(this.options.content.element);
    this.options.anchor.setAttribute("aria-expanded", "true");
    this.place();
    void this.takeFocus();
  }

  protected override onBeforeDetach(): void {
    document.removeEventListener("pointerdown", this.onPointerDown, true);
    this.node.removeEventListener("keydown", this.onKeyDown);
    window.removeEventListener("resize", this.place);
    this.resized.disconnect();
  }

  private async takeFocus(): Promise<void> {
    const { element, ready } = this.options.content;
    if (!customElements.get(element.localName)) {
      // Escape closes it also while its script is on the way.
      this.node.focus();
    }
    await ready;
    await element.updateComplete;
    const { activeElement } = document;
    if (this.isDisposed || (activeElement !== this.node && this.node.contains(activeElement))) {
      return;
    }
    const first = element.shadowRoot?.querySelector<HTMLElement>(
      "input[type=radio]:checked, button.primary:not([disabled]), input:not([disabled]), button:not([disabled])",
    );
    (first ?? this.node).focus();
  }

  private readonly place = (): void => {
    const { anchor, side = "right" } = this.options;
    if (!anchor.isConnected) {
      this.dispose();
      return;
    }
    const button = anchor.getBoundingClientRect();
    const start = side === "right" ? button.right - WIDTH : button.left;
    const { style } = this.node;
    style.left = `${Math.max(GAP, Math.min(start, window.innerWidth - WIDTH - GAP))}px`;
    if (side === "above") {
      style.bottom = `${window.innerHeight - button.top}px`;
      style.maxHeight = `${button.top - GAP}px`;
    } else {
      style.top = `${button.bottom}px`;
      style.maxHeight = `${window.innerHeight - button.bottom - GAP}px`;
    }
  };

  /** Clicks in Lab's toolbars never reach the document, and presses do. */
  private readonly onPointerDown = (event: Event): void => {
    const path = event.composedPath();
    const inside = path.some(
      (target) =>
        target === this.node ||
        target === this.options.anchor ||
        (target instanceof Element && target.matches(".lm-Menu, .jp-Dialog, dialog")),
    );
    if (!inside) {
      this.dispose();
    }
  };

  /** An element inside takes Escape first: it gives up a question or a filter, and prevents the default. */
  private readonly onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && !event.defaultPrevented) {
      event.preventDefault();
      event.stopPropagation();
      this.giveUp();
    }
  };
}
