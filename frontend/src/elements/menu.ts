/** The menu that an element draws where its host has none: in cells, and in hosts other than JupyterLab. */

import { html, nothing, type ReactiveController, type ReactiveControllerHost, type TemplateResult } from "lit";

import * as icons from "../icons";
import { hostDraws, type Menu, type MenuItem } from "../model/menu";

const GAP = 4;

interface Place {
  readonly x: number;
  readonly y: number;
}

export class ElementMenu implements ReactiveController {
  private menu: Menu | null = null;
  private label = "";
  private anchor: HTMLElement | null = null;
  private place: Place = { x: 0, y: 0 };

  constructor(private readonly host: ReactiveControllerHost & HTMLElement) {
    host.addController(this);
  }

  hostDisconnected(): void {
    this.forget();
  }

  get isOpen(): boolean {
    return this.menu !== null;
  }

  /** Opens it below a button, or closes it there. The button takes the focus back. */
  toggle(menu: Menu, anchor: HTMLElement, label: string): void {
    if (this.menu) {
      this.close();
      return;
    }
    const { left, bottom } = anchor.getBoundingClientRect();
    this.open(menu, anchor, label, { x: left, y: bottom });
  }

  /** Opens it at a point of the window: the pointer of a right click. `anchor` takes the focus back. */
  open(menu: Menu, anchor: HTMLElement, label: string, place: Place): void {
    const groups = menu.filter((group) => group.length);
    if (hostDraws(this.host, { menu: groups, ...place, closed: () => anchor.focus() })) {
      return;
    }
    this.forget();
    this.menu = groups;
    this.label = label;
    this.anchor = anchor;
    this.place = place;
    document.addEventListener("pointerdown", this.onPointerDown, true);
    window.addEventListener("resize", this.forget);
    window.addEventListener("blur", this.forget);
    this.host.requestUpdate();
    void this.host.updateComplete.then(() => this.show());
  }

  /** Stands anywhere in the element's template. */
  template(): TemplateResult | typeof nothing {
    if (!this.menu) {
      return nothing;
    }
    return html`<div class="menu" popover="manual" role="menu" aria-label=${this.label} @keydown=${this.onKey}>
      ${this.menu.map((group, index) => [index ? html`<hr role="separator" />` : nothing, group.map(this.item)])}
    </div>`;
  }

  private readonly item = (item: MenuItem): TemplateResult =>
    html`<div
      role="menuitem"
      tabindex="-1"
      class=${item.disabled ? "off" : nothing}
      aria-disabled=${item.disabled ? "true" : nothing}
      @click=${(event: Event) => this.choose(item, event)}
    >
      ${item.shape ? icons.icon(item.shape, item.disabled ? "" : "i") : html`<span></span>`}<span>${item.label}</span
      ><span class="k">${item.key ?? nothing}</span>
    </div>`;

  private show(): void {
    const node = this.node;
    if (!node?.isConnected) {
      return;
    }
    node.showPopover();
    const { width, height } = node.getBoundingClientRect();
    const above = this.place.y + height > window.innerHeight - GAP;
    const anchored = this.anchor?.getBoundingClientRect();
    const top = above ? Math.max(GAP, (anchored?.top ?? this.place.y) - height) : this.place.y;
    node.style.left = `${Math.max(GAP, Math.min(this.place.x, window.innerWidth - width - GAP))}px`;
    node.style.top = `${top}px`;
    this.items[0]?.focus();
  }

  private choose(item: MenuItem, event: Event): void {
    event.stopPropagation();
    if (!item.disabled) {
      this.close();
      item.run();
    }
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    event.stopPropagation();
    const { items } = this;
    const at = items.findIndex((item) => item.matches(":focus"));
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1 + items.length,
      Home: 0,
      End: items.length - 1,
    };
    const to = moves[event.key];
    if (to !== undefined) {
      items[to % items.length]?.focus();
    } else if (event.key === "Enter" || event.key === " ") {
      items[at]?.click();
    } else if (event.key === "Escape" || event.key === "Tab") {
      this.close();
    } else if (event.key.length === 1) {
      this.find(event.key, at)?.focus();
    } else {
      return;
    }
    event.preventDefault();
  };

  private find(letter: string, from: number): HTMLElement | undefined {
    const after = [...this.items.slice(from + 1), ...this.items.slice(0, from + 1)];
    return after.find((item) => item.textContent?.trim().toLowerCase().startsWith(letter.toLowerCase()));
  }

  private readonly onPointerDown = (event: Event): void => {
    const path = event.composedPath();
    if (!(this.node && path.includes(this.node)) && !(this.anchor && path.includes(this.anchor))) {
      this.forget();
    }
  };

  private close(): void {
    const { anchor } = this;
    this.forget();
    anchor?.focus();
  }

  private readonly forget = (): void => {
    if (this.menu) {
      this.menu = null;
      this.anchor = null;
      document.removeEventListener("pointerdown", this.onPointerDown, true);
      window.removeEventListener("resize", this.forget);
      window.removeEventListener("blur", this.forget);
      this.host.requestUpdate();
    }
  };

  private get node(): HTMLElement | null {
    return this.host.shadowRoot?.querySelector<HTMLElement>(".menu[popover]") ?? null;
  }

  private get items(): HTMLElement[] {
    return [...(this.node?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
  }
}
