/** The elements and the page's source, for JupyterLab and for panels in cells. */

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
export { SailLog } from "./elements/log";
export { SailQueries } from "./elements/queries";
export { VIEW_EVENT, type SessionsView } from "./elements/session_lister";
export { SailSessions } from "./elements/sessions";
export { SailButton } from "./elements/button";
export { SailHere } from "./elements/here";
export { SailPanel } from "./elements/panel";
export { SailPicker } from "./elements/picker";
export { barTexts, type BarTexts } from "./model/bar";
export { countdown, type Countdown } from "./model/countdown";
export { keepChoices, pythonLine } from "./model/session_facts";
export { sessionOfNotebook } from "./model/notebook_session";
export { nameOf, notebookName, stateOf, type Mark, type State } from "./model/states";
export { SailConfigForm } from "./elements/config_form";
export { SailConfigs } from "./elements/configs";
export { SailSession } from "./elements/session";
