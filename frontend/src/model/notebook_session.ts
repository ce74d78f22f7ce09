/** Which session is a notebook's. */

import { isOver } from "./countdown";
import type { Snapshot } from "./snapshot";
import type { Notebook, Session } from "./types";

/** The live session that its kernel attached to, else the one of its kernel, else the newest live one of its path, else the one that its kernel lost last. */
export function sessionOfNotebook(snapshot: Snapshot, notebook: Notebook | null): Session | null {
  if (!notebook) {
    return null;
  }
  const mine = [...(snapshot.sessions.items ?? []), ...(snapshot.ended?.items ?? [])].filter((one) => one.mine);
  const attached = mine.filter((one) => one.id === notebook.attached);
  const ofKernel = mine.filter((one) => notebook.kernel.id !== null && one.kernelId === notebook.kernel.id);
  const ofPath = mine.filter((one) => pathFor(notebook, one) === notebook.path);
  const live = (sessions: readonly Session[]) => newest(sessions.filter((one) => !isOver(one)));
  return live(attached) ?? live(ofKernel) ?? live(ofPath) ?? newest(attached) ?? newest(ofKernel);
}

/** A kernel knows the whole path of its notebook, and a page the one of the Contents API. */
function pathFor(notebook: Notebook, session: Session): string | null {
  return notebook.path.startsWith("/") ? session.notebookPath : session.contentsPath;
}

/** Where its notebook is, as people know it: from the root of the server, where the server knows that. */
export function placeOf({ contentsPath, notebookPath }: Pick<Session, "contentsPath" | "notebookPath">): string | null {
  return contentsPath ?? notebookPath;
}

function newest(sessions: readonly Session[]): Session | null {
  return sessions.reduce<Session | null>((best, one) => (best && best.createdAt >= one.createdAt ? best : one), null);
}
