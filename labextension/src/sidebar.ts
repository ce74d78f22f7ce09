/** The panel in JupyterLab's left sidebar: this notebook, sessions, compute configs. */

import { SidePanel, Toolbar, ToolbarButton } from "@jupyterlab/ui-components";
import {
  icons,
  liveCount,
  type Menu,
  type Notebook,
  type SessionsView,
  type Snapshot,
  tagNames,
  VIEW_EVENT,
} from "@lakesail/notebook-ui";
import { Widget, type PanelLayout } from "@lumino/widgets";

import { dragRowsOf } from "./drag";
import { ElementWidget } from "./element_widget";
import { focusButtonIn } from "./focus";
import { FilterBox } from "./filter_box";
import { labIcon, sailIcon } from "./lab_icons";
import { drawMenusOf, openMenu } from "./menus";
import type { Surface } from "./surface";

/** Fixed: JupyterLab's restored layout names it. */
export const SIDEBAR_ID = "lakesail-sidebar";

export interface SidebarOptions {
  readonly page: Surface;
  readonly more: () => Menu;
  readonly newSession: (anchor: HTMLElement) => void;
  /** The button that opens marimo. */
  readonly marimo: Widget;
}

interface ListProperties {
  withTable: boolean;
  notebook: Notebook | null;
  filter: string;
}

export class Sidebar extends SidePanel {
  private readonly filter: FilterBox;
  private readonly here: Section<{ notebook: Notebook | null }>;
  private readonly sessions: Section<ListProperties>;
  private readonly configs: Section<ListProperties>;
  private view: SessionsView = { scope: "mine", filter: "", selected: [] };
  private stopListening: (() => void) | null = null;

  constructor(private readonly options: SidebarOptions) {
    super();
    const { page } = options;
    const { t } = page;
    this.id = SIDEBAR_ID;
    this.addClass("lsn-Sidebar");
    this.title.icon = sailIcon;
    this.title.caption = t("sidebarTitle");
    this.node.setAttribute("role", "region");
    this.node.setAttribute("aria-label", t("sidebarTitle"));
    const filter = button(icons.filter, t("filterHint"), () => this.filter.toggle());
    this.filter = new FilterBox(t, () => focusButtonIn(filter.node));
    this.addTools(filter);
    this.here = new Section(page, tagNames.here, t("thisNotebook"));
    this.here.fitsContent(() => (this.content as unknown as { fit(): void }).fit());
    this.sessions = new Section(page, tagNames.sessions, t("sessions"));
    this.sessions.set({ withTable: true });
    this.configs = new Section(page, tagNames.configs, t("configs"));
    this.configs.addButton(
      "new-config",
      icons.add,
      t("newComputeConfig"),
      () => void page.perform({ act: "newConfig" }),
    );
    [this.here, this.sessions, this.configs].forEach((section) => this.addWidget(section));
    this.filter.changed.connect((_, filter) => {
      this.view = { ...this.view, filter };
      this.setLists({ filter });
      this.refresh();
    });
    // The list offers to clear the filter.
    this.node.addEventListener(VIEW_EVENT, (event) => {
      this.view = (event as CustomEvent<SessionsView>).detail;
      this.filter.value = this.view.filter;
      this.refresh();
    });
    drawMenusOf(this.node);
    dragRowsOf(this.node, () => page.notebooks.all.map(({ panel }) => panel));
    page.notebooks.changed.connect(this.updateNotebook, this);
    this.updateNotebook();
  }

  override dispose(): void {
    this.options.page.notebooks.changed.disconnect(this.updateNotebook, this);
    super.dispose();
  }

  protected override onAfterShow(): void {
    this.listen();
  }

  protected override onAfterAttach(): void {
    if (this.isVisible) {
      this.listen();
    }
  }

  protected override onBeforeHide(): void {
    this.stopListening?.();
    this.stopListening = null;
  }

  protected override onBeforeDetach(): void {
    this.onBeforeHide();
  }

  private listen(): void {
    const { source } = this.options.page;
    this.stopListening ??= source.subscribe(() => this.refresh());
    this.refresh();
  }

  private addTools(filter: ToolbarButton): void {
    const { page, more, newSession, marimo } = this.options;
    const { t } = page;
    const add = button(icons.add, t("newSession"), () => newSession(add.node));
    add.addClass("lsn-New");
    const dots = button(icons.dots, t("more"), () => {
      const { left, bottom } = dots.node.getBoundingClientRect();
      openMenu({ menu: more(), x: left, y: bottom, closed: () => focusButtonIn(dots.node) });
    });
    this.toolbar.addItem("new", add);
    marimo.addClass("lsn-Marimo");
    this.toolbar.addItem("marimo", marimo);
    this.toolbar.addItem("spacer", Toolbar.createSpacerItem());
    this.toolbar.addItem("filter", filter);
    this.toolbar.addItem("more", dots);
    (this.layout as PanelLayout).insertWidget(1, this.filter);
  }

  private updateNotebook(): void {
    const notebook = this.options.page.notebooks.current?.state ?? null;
    this.here.set({ notebook });
    this.setLists({ notebook });
  }

  private setLists(properties: Partial<ListProperties>): void {
    this.sessions.set(properties);
    this.configs.set(properties);
  }

  private refresh(): void {
    const { sessions, configs, me } = this.options.page.source.snapshot;
    this.sessions.count = sessions.items === null ? "" : this.counted(sessions);
    this.configs.count = configs.items === null ? "" : String(configs.items.length);
    this.configs.showButtons(me !== null && (me.organizationAdmin || me.adminOf.length > 0));
  }

  /** `15`, or `4 of 15` while a filter hides some. */
  private counted(sessions: Snapshot["sessions"]): string {
    const { source, t } = this.options.page;
    const { scope, filter } = this.view;
    const { shown, all } = liveCount(sessions.items, scope, filter);
    const isMany = source.snapshot.me?.singleUser === false && scope !== "all";
    const total = isMany ? all : (sessions.total ?? all);
    return filter ? t("countOfAll", { shown, all: total }) : String(total);
  }
}

/** One section: an element, and at the right of its title a count and buttons. */
class Section<Properties extends object> extends ElementWidget<Properties> {
  readonly toolbar = new Toolbar();
  private readonly counter = new Widget();
  private readonly buttons: Widget[] = [];

  constructor(page: Surface, tagName: string, label: string) {
    super(tagName, page, (act, anchor) => void page.perform(act, { anchor }));
    this.addClass("lsn-Section");
    this.title.label = label;
    this.counter.addClass("lsn-Count");
    this.toolbar.addItem("count", this.counter);
    this.toolbar.addItem("spacer", Toolbar.createSpacerItem());
  }

  set count(text: string) {
    this.counter.node.textContent = text;
  }

  addButton(name: string, shape: typeof icons.add, label: string, click: () => void): void {
    const added = button(shape, label, click);
    this.buttons.push(added);
    this.toolbar.addItem(name, added);
  }

  showButtons(shown: boolean): void {
    this.buttons.forEach((one) => one.setHidden(!shown));
  }

  /** Lab gives all sections the same height; this one gets the height of its content. */
  fitsContent(fit: () => void): void {
    this.addClass("lsn-mod-fits");
    new ResizeObserver(() => {
      const height = `${this.element.offsetHeight}px`;
      if (this.isVisible && this.node.style.minHeight !== height) {
        this.node.style.minHeight = height;
        this.node.style.maxHeight = height;
        fit();
      }
    }).observe(this.element);
  }
}

function button(shape: typeof icons.add, tooltip: string, onClick: () => void): ToolbarButton {
  return new ToolbarButton({ icon: labIcon(shape), tooltip, onClick });
}
