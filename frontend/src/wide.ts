/** The elements that only JupyterLab's main area has room for: the table of sessions, and the page of a session. */

import "./elements/session";
import "./elements/session_table";
import "./elements/sessions";
