/** The parts that only JupyterLab has room for: the table of sessions. */

export { SailSessionTable, type TableView } from "./elements/session_table";
