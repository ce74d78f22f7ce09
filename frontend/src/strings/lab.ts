/** What JupyterLab's parts around the elements say: sidebar, commands, launcher, dialogs. */

export const labStrings = {
  sidebarTitle: "Spark sessions",
  notLoaded: "The server does not answer, so this part cannot be loaded. It is tried again.",
  notServed: "This part cannot be loaded. It is tried again. If the server was updated, reload the page.",
  formNotLoaded: "The server does not answer, so the form cannot be loaded.",
  formNotServed: "The form cannot be loaded. If the server was updated, reload the page.",
  thisNotebook: "This notebook",
  sessions: "Sessions",
  configs: "Compute configs",
  newSession: "New session",
  newComputeConfig: "New compute config",
  more: "More",
  filterHint: "Filter sessions and configs",
  countOfAll: "{shown} of {all}",
  openTable: "Open as table",
  closeAllMine: "Close all my sessions…",
  checkConnection: "Check the connection",
  settings: "Settings",
  documentation: "Documentation",

  category: "Spark on Sail",
  commandConnect: "Connect This Notebook",
  commandConnectTo: "Connect to…",
  commandClose: "Close Session of This Notebook",
  commandKeep: "Keep Session",
  commandInterrupt: "Interrupt Spark Query",
  commandRelaunch: "Relaunch Session",
  commandInsert: "Insert Connect Cell",
  commandShow: "Show Sessions",
  commandTable: "Open Sessions as Table",
  commandNewConfig: "New Compute Config",

  launcherNotebook: "Spark on Sail",
  launcherNotebookOn: "Spark on Sail {config}",
  launcherNotebookCaption: "Open a new notebook and connect it",
  launcherSessions: "Spark sessions",
  launcherSessionsCaption: "Open the table of Spark sessions",

  pickerPopoverName: "Connect the notebook",
  cardPopover: "Spark session",

  closeMineWarning: "What runs on them is cut, and their temp views and tables in memory go. Files stay.",

  notifyCloses: "{name}: {end}.",
  notifyClose: "Close now",
} as const;
