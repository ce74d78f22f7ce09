/** The ids of our commands: other extensions, menus and shortcuts name them. */

export const Commands = {
  connect: "lakesail:connect",
  connectTo: "lakesail:connect-to",
  close: "lakesail:close",
  keep: "lakesail:keep",
  interrupt: "lakesail:interrupt",
  relaunch: "lakesail:relaunch",
  insertCell: "lakesail:insert-cell",
  show: "lakesail:show",
  openTable: "lakesail:open-table",
  openSession: "lakesail:open-session",
  newConfig: "lakesail:new-config",
  newNotebook: "lakesail:new-notebook",
  marimoEdit: "lakesail:marimo-edit",
  marimoRun: "lakesail:marimo-run",
  newMarimo: "lakesail:new-marimo",
  openMarimo: "lakesail:open-marimo",
} as const;
