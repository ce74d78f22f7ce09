/** The panel in a cell. */

export const panelStrings = {
  connectThis: "Connect this notebook",
  kernelGone: "The kernel is gone.",
  runAgain: "Run this cell again to go on.",
  runAgainUntil: "Run this cell again to go on; the session stays until {time}.",
  savedSession: "Spark session {name}",
  savedTitle: "{title} ({id}) on {config}",
  savedTitleBare: "{title} ({id})",
  savedState: "As of {time}: {state}. This is a saved picture; run the cell to see what is now.",
  savedStateQueries:
    "As of {time}: {state}, {count} queries. This is a saved picture; run the cell to see what is now.",
  savedStateQuery: "As of {time}: {state}, 1 query. This is a saved picture; run the cell to see what is now.",
  savedNone: "As of {time}: no session. This is a saved picture; run the cell to see what is now.",
  queriesCount: "Queries ({count})",
} as const;
