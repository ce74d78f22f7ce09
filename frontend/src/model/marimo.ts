/** Sessions whose page marimo serves: where the page is, and which session serves a file. */

import type { Translate } from "../strings";
import { isOver } from "./countdown";
import type { MarimoMode, Me, Session } from "./types";

/** Whether the server starts marimo for the caller. */
export function startsMarimo(me: Me | null): boolean {
  return me?.marimo?.available ?? false;
}

/** Why it does not; `null`: it does. */
export function marimoRefusal(t: Translate, me: Me): string | null {
  if (me.marimo === null) {
    return t("marimoNotThere");
  }
  return me.marimo.available ? null : (me.marimo.reason ?? t("marimoNotGiven"));
}

/** The page of a session, below the base URL of the Jupyter server. It lets the session's owner in. */
export function marimoPage(sessionId: string): string {
  return `lakesail/marimo/${encodeURIComponent(sessionId)}/_open`;
}

/** Whether its page can be opened: a session that begins says there what it waits for. */
export function isOpenable(session: Session): boolean {
  return session.marimo !== null && session.mine && !isOver(session);
}

/** The session that serves a file of the Contents API in this mode; `null`: none does. */
export function sessionOfFile(sessions: readonly Session[], path: string, mode: MarimoMode): Session | null {
  const serves = (one: Session): boolean => isOpenable(one) && one.marimo === mode && isAt(one, path);
  return sessions.find(serves) ?? null;
}

/** A server that does not tell the path of the Contents API has the path as it was given. */
function isAt({ contentsPath, notebookPath }: Session, path: string): boolean {
  return (contentsPath ?? notebookPath) === path;
}

/** What it serves, in a word beside `marimo`. */
export function modeWord(t: Translate, mode: MarimoMode): string {
  return t(mode === "run" ? "marimoModeRun" : "marimoModeEdit");
}

/** The same in full, as it stands in names for screen readers. */
export function modeName(t: Translate, mode: MarimoMode): string {
  return t(mode === "run" ? "marimoApp" : "marimoNotebook");
}

/** What a new notebook holds. It connects, and shows the session's panel. */
export const NEW_MARIMO = `import marimo

__generated_with = "0.25.0"
app = marimo.App()


@app.cell
def _():
    import marimo as mo

    import lakesail_notebook as sail

    return mo, sail


@app.cell
def _(sail):
    spark = sail.connect()
    return (spark,)


@app.cell
def _(sail):
    sail.panel()
    return


@app.cell
def _(mo, spark):
    answer = mo.sql(
        f"""
        SELECT 6 * 7 AS answer
        """,
        engine=spark
    )
    return


if __name__ == "__main__":
    app.run()
`;
