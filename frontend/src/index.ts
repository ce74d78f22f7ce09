/** The elements and the page's source, for JupyterLab and for panels in cells. */

export * from "./model/acts";
export * from "./model/menu";
export * from "./model/row_targets";
export * from "./model/snapshot";
export * from "./model/types";
export * from "./store/source";
export * from "./strings";
export { define, tagNames, VERSION } from "./version";
export { SailLog } from "./elements/log";
export { SailQueries } from "./elements/queries";
