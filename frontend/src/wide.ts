/** The parts that only JupyterLab has room for: the table of sessions, and what teams need. */

export {};
