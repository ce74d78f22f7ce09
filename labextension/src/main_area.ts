/** The session page and the table of sessions, as tabs of the main area that come back after a reload. */

import type { ILayoutRestorer, JupyterFrontEnd } from "@jupyterlab/application";
import { MainAreaWidget, WidgetTracker } from "@jupyterlab/apputils";
import {
  type Act,
  icons,
  nameOf,
  type Notebook,
  sessionOf,
  type SessionsView,
  tagNames,
  VIEW_EVENT,
} from "@lakesail/notebook-ui";
import { SplitPanel, type Widget } from "@lumino/widgets";

import { Commands } from "./command_ids";
import { dragRowsOf } from "./drag";
import { ElementWidget } from "./element_widget";
import { labIcon, sailIcon } from "./lab_icons";
import { drawMenusOf } from "./menus";
import type { Surface } from "./surface";

type Tab = "queries" | "log" | "details";

class SessionPage extends MainAreaWidget<ElementWidget<{ sessionId: string; tab: Tab }>> {
  constructor(
    page: Surface,
    readonly sessionId: string,
  ) {
    const content = new ElementWidget<{ sessionId: string; tab: Tab }>(tagNames.session, page, (act, anchor) => {
      void page.perform(act, { anchor });
    });
    super({ content });
    content.set({ sessionId });
    content.addClass("lsn-Page");
    drawMenusOf(content.node);
    this.id = `lakesail-session-${sessionId}`;
    this.title.icon = labIcon(icons.table);
    this.title.closable = true;
    const update = (): void => {
      const session = sessionOf(page.source.snapshot, sessionId);
      this.title.label = session ? nameOf(session) : sessionId;
      this.title.caption = this.title.label;
    };
    content.onChange = update;
    update();
  }
}

interface TableProperties {
  layout: "table";
  view: Partial<SessionsView>;
  notebook: Notebook | null;
}

class TablePage extends MainAreaWidget<ElementWidget<TableProperties>> {
  /** What the reader chose to see, as JSON; it is kept with the layout. */
  view: string;

  constructor(page: Surface, view: string, changed: () => void) {
    const perform = (act: Act, anchor: HTMLElement): void => void page.perform(act, { anchor });
    const content = new ElementWidget<TableProperties>(tagNames.sessions, page, perform, tagNames.sessionTable);
    super({ content });
    this.view = view;
    content.set({ layout: "table", view: savedView(view) });
    content.node.addEventListener(VIEW_EVENT, (event) => {
      const { selected: _, ...kept } = (event as CustomEvent<SessionsView>).detail;
      this.view = JSON.stringify(kept);
      changed();
    });
    content.addClass("lsn-Page");
    drawMenusOf(content.node);
    dragRowsOf(content.node, () => page.notebooks.all.map(({ panel }) => panel));
    this.id = "lakesail-table";
    this.title.icon = sailIcon;
    this.title.label = page.t("sidebarTitle");
    this.title.closable = true;
    const update = (): void => content.set({ notebook: page.notebooks.current?.state ?? null });
    update();
    page.notebooks.changed.connect(update);
    this.disposed.connect(() => page.notebooks.changed.disconnect(update));
  }
}

export function addMainArea(app: JupyterFrontEnd, page: Surface, restorer: ILayoutRestorer | null): void {
  const sessions = new WidgetTracker<SessionPage>({ namespace: "lakesail-session" });
  const tables = new WidgetTracker<TablePage>({ namespace: "lakesail-table" });
  app.commands.addCommand(Commands.openSession, {
    label: page.t("queriesAndLog"),
    describedBy: { args: SESSION_ARGUMENTS },
    execute: (args) => {
      const sessionId = String(args["sessionId"] ?? "");
      const shown =
        sessions.find((widget) => widget.sessionId === sessionId) ??
        added(app, sessions, new SessionPage(page, sessionId));
      if (typeof args["tab"] === "string") {
        shown.content.set({ tab: args["tab"] as Tab });
      }
      app.shell.activateById(shown.id);
    },
  });
  app.commands.addCommand(Commands.openTable, {
    label: (args) => page.t(args["inLauncher"] ? "launcherSessions" : "commandTable"),
    caption: page.t("launcherSessionsCaption"),
    icon: labIcon(icons.run),
    describedBy: { args: { type: "object", properties: { view: { type: "string", description: "As saved." } } } },
    execute: (args) => {
      const view = typeof args["view"] === "string" ? args["view"] : "";
      const known = tables.currentWidget;
      const shown: TablePage = known ?? added(app, tables, new TablePage(page, view, () => void tables.save(shown)));
      app.shell.activateById(shown.id);
    },
  });
  void restorer?.restore(sessions, {
    command: Commands.openSession,
    args: ({ sessionId }) => ({ sessionId }),
    name: ({ sessionId }) => sessionId,
  });
  void restorer?.restore(tables, {
    command: Commands.openTable,
    args: ({ view }) => ({ view }),
    name: () => "table",
  });
}

/** What the layout kept; nothing of it counts where it cannot be read. */
function savedView(view: string): Partial<SessionsView> {
  try {
    return view ? (JSON.parse(view) as Partial<SessionsView>) : {};
  } catch {
    return {};
  }
}

const SESSION_ARGUMENTS = {
  type: "object",
  required: ["sessionId"],
  properties: {
    sessionId: { type: "string", description: "The session's id." },
    tab: { type: "string", enum: ["queries", "log", "details"], description: "What to show first." },
  },
};

function added<Shown extends MainAreaWidget>(
  app: JupyterFrontEnd,
  tracker: WidgetTracker<Shown>,
  widget: Shown,
): Shown {
  app.shell.add(widget, "main");
  if (!widget.parent) {
    // A page of Notebook 7 has one document, and no place for more beside it.
    app.shell.add(widget, "down");
    makeRoom(widget);
  }
  void tracker.add(widget);
  return widget;
}

/** The area below begins without height. */
function makeRoom(widget: Widget): void {
  for (let above = widget.parent; above; above = above.parent) {
    if (above instanceof SplitPanel) {
      above.setRelativeSizes([2, 1]);
      return;
    }
  }
}
