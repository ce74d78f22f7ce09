/** marimo notebooks and apps on Spark. */

export const marimoStrings = {
  marimoMark: "marimo",
  marimoNotebook: "marimo notebook",
  marimoApp: "marimo app",
  marimoModeEdit: "notebook",
  marimoModeRun: "app",
  openMarimo: "Open",
  openMarimoTab: "Open in a new tab",
  openItsFile: "Open its file in the editor",
  losesMarimo: "What its notebook holds in memory goes. Files stay.",
  marimoRow: "marimo",
  marimoShares:
    "The page has the same address as Jupyter: the browser keeps its code from Jupyter's API, but not from cookies and storage that belong to that address.",
  newMarimo: "New marimo notebook",
  newMarimoCaption: "Make a marimo notebook that is connected to Spark, and open it in a new tab",
  marimoOpens: "Open {file} with marimo in a new tab",
  editMarimo: "Open with marimo on Spark",
  runMarimo: "Run as a marimo app on Spark",
  marimoNotStarted: "marimo could not be started",
  marimoNotThere: "This server has no marimo sessions. Install a newer lakesail-notebook there.",
  marimoNotGiven: "This server does not start marimo.",
  marimoNoFile: "Choose a .py file in the file browser, or open one.",
  marimoOtherDrive: "marimo opens files of the Jupyter server alone. {path} is not one of them.",
  marimoBlocked: "{name} is in a tab of its own. Your browser needs a click to open it.",
} as const;
