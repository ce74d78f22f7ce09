/** Which session is a notebook's. */

import { isOver } from "./countdown";
import type { Snapshot } from "./snapshot";
import type { Notebook, Session } from "./types";

/** The live session that its kernel attached to, else the live one of its kernel, else the newest live one of its path,
    else the one that its kernel lost last. */
export function sessionOfNotebook(snapshot: Snapshot, notebook: Notebook | null): Session | null {
  if (!notebook) {
    return null;
  }
  const toldPaths = snapshot.me?.features.includes("session_facts") ?? false;
  const mine = [...(snapshot.sessions.items ?? []), ...(snapshot.ended?.items ?? [])].filter((one) => one.mine);
  const attached = mine.filter((one) => one.id === notebook.attached);
  const ofKernel = mine.filter((one) => notebook.kernel.id !== null && one.kernelId === notebook.kernel.id);
  const ofPath = mine.filter((one) => isAt(notebook, one, toldPaths));
  const live = (sessions: readonly Session[]) => newest(sessions.filter((one) => !isOver(one)));
  return live(attached) ?? live(ofKernel) ?? live(ofPath) ?? newest(attached) ?? newest(ofKernel);
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
