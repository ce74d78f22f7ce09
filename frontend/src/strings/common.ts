/** Words that several surfaces use. */

export const commonStrings = {
  connect: "Connect",
  choose: "Choose…",
  close: "Close",
  cancel: "Cancel",
  moreActions: "More actions",
  keepIt: "Keep it",
  closeSession: "Close session",
  relaunch: "Relaunch",
  interrupt: "Interrupt",
  queriesTab: "Queries",
  logTab: "Log",
  detailsTab: "Details",
  request: "Request {id}",
  tryAgain: "Try again",
  tryNow: "Try now",
  clearFilter: "Clear filter",
  newConfig: "New config",
  andMore: "{names} and {count} more",
} as const;
