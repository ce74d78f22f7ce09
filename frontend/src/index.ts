/** The page's source, its rules and the toolbar's button: what JupyterLab loads with the page. The other elements are
    entries of their own, which it loads when they are shown: `cards`, `lists`, `wide` and `form`. */

export {
  API_PATH,
  type Answer,
  type Call,
  makeClient,
  problemFrom,
  Refused,
  type Requester,
  type Verb,
} from "./api/client";
export { type Credentials, fetchRequester, jsonOf } from "./api/fetch_requester";
export * from "./model/acts";
export * from "./model/menu";
export * from "./model/row_targets";
export { marimoPage, marimoRefusal, NEW_MARIMO, startsMarimo } from "./model/marimo";
export { liveCount } from "./model/session_order";
export * from "./model/snapshot";
export * from "./model/types";
export { type Host, type HostAct } from "./store/acts";
export { makePageStore, type PageStoreOptions, performActsOf } from "./store/page_store";
export { PictureSource } from "./store/picture_source";
export * from "./store/shared";
export * from "./store/source";
export * from "./store/surroundings";
export * from "./rules";
export * from "./strings";
export { define, tagNames, VERSION } from "./version";
export { VIEW_EVENT, type SessionsView } from "./model/view";
export { SailButton } from "./elements/button";
export { barTexts, type BarTexts } from "./model/bar";
export { countdown, type Countdown } from "./model/countdown";
export { keepChoices, pythonLine } from "./model/session_facts";
export { readMe } from "./api/reading";
export { sessionOfNotebook } from "./model/notebook_session";
export { fileName, nameOf, notebookName, stateOf, type Mark, type State } from "./model/states";
