/** Which session is a notebook's. */

import { isOver } from "./countdown";
import type { Snapshot } from "./snapshot";
import type { Notebook, Session } from "./types";

/** The live session that its kernel uses, else the one that its kernel made, else the newest live one of its path, else
    the one that its kernel lost last. A session that marimo serves is that of marimo's own notebook alone. */
export function sessionOfNotebook(snapshot: Snapshot, notebook: Notebook | null): Session | null {
  if (!notebook) {
    return null;
  }
  const toldPaths = snapshot.me?.features.includes("session_facts") ?? false;
  const mine = [...(snapshot.sessions.items ?? []), ...(snapshot.ended?.items ?? [])].filter(
    (one) => one.mine && (one.marimo === null || !notebook.path.endsWith(".ipynb")),
  );
  const { id } = notebook.kernel;
  const used = mine.filter((one) => id !== null && one.usedBy.includes(id));
  const ofKernel = mine.filter((one) => id !== null && one.kernelId === id);
  const ofPath = mine.filter((one) => isAt(notebook, one, toldPaths));
  const live = (sessions: readonly Session[]) => newest(sessions.filter((one) => !isOver(one)));
  return live(used) ?? live(ofKernel) ?? live(ofPath) ?? newest(used) ?? newest(ofKernel);
}

/** A kernel knows the whole path of its notebook, and a page the one of the Contents API. A server of before tells only
    the whole path, of which the page knows the end. */
function isAt({ path }: Notebook, { notebookPath, contentsPath }: Session, toldPaths: boolean): boolean {
  if (path.startsWith("/")) {
    return notebookPath === path;
  }
  if (contentsPath !== null || toldPaths) {
    return contentsPath === path;
  }
  return notebookPath?.endsWith(`/${path}`) ?? false;
}

/** Where its notebook is, as people know it: from the root of the server, where the server knows that. */
export function placeOf({ contentsPath, notebookPath }: Pick<Session, "contentsPath" | "notebookPath">): string | null {
  return contentsPath ?? notebookPath;
}

function newest(sessions: readonly Session[]): Session | null {
  return sessions.reduce<Session | null>((best, one) => (best && best.createdAt >= one.createdAt ? best : one), null);
}
