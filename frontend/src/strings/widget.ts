/** What the panel in a cell says beside its elements, and before it has them. */

export const widgetStrings = {
  kernelBusy: "The kernel is busy, so this does not reach it. Try again when its cells have run.",
  panelWaits: "The kernel does not answer yet; it may be busy. The panel comes when it answers.",
  panelNeedsKernel: "This panel needs its kernel. Run this cell again to see it.",
  panelRefused: "This page does not run the script of the panel: {reason}",
} as const;
