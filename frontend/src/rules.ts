/** The rules that hosts follow, too: what the parts of a page around the elements say and allow. */

export * as icons from "./icons";
export { pageTicker } from "./elements/ticker";
export { type Announcement, announcement } from "./model/announce";
export { type BarTexts, barTexts, lowered } from "./model/bar";
export { attaches, type CellText, connectCall, connectLine, connects, planOf } from "./model/connect_line";
export { countdown, isOver, soonAt } from "./model/countdown";
export { usualConfig } from "./model/here";
export { sessionOfNotebook } from "./model/notebook_session";
export { keepChoices, ownLive } from "./model/session_facts";
export { sessionOf } from "./model/session_lookup";
export { nameOf } from "./model/states";
export { duration } from "./model/times";
