/** What the panel in a cell says beside its elements. */

export const widgetStrings = {
  kernelBusy: "The kernel is busy, so this does not reach it. Try again when its cells have run.",
} as const;
