/** Reads out what happens to the session of the current notebook, wherever the focus is. */

import { announcement, type Session, sessionOfNotebook } from "@lakesail/notebook-ui";

import type { Surface } from "./surface";

export class Announcer {
  private readonly region = document.createElement("div");
  private last: { readonly sessionId: string; readonly key: string } | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly page: Surface) {
    this.region.className = "lsn-Announcer";
    this.region.setAttribute("role", "status");
    document.body.append(this.region);
    page.notebooks.changed.connect(this.look, this);
  }

  look(): void {
    const { notebooks, source } = this.page;
    const session = sessionOfNotebook(source.snapshot, notebooks.current?.state ?? null);
    clearTimeout(this.timer);
    if (!session || source.snapshot.link !== "live") {
      return;
    }
    const now = Date.now() + source.snapshot.skewMs;
    const { key, text, changesAt } = announcement(this.page.t, session, now);
    if (this.isNews(session, key)) {
      this.region.textContent = text;
    }
    this.last = { sessionId: session.id, key };
    if (changesAt !== null && changesAt - now < 2 ** 31) {
      this.timer = setTimeout(() => this.look(), Math.max(0, changesAt - now));
    }
  }

  /** The state that a page begins with is not read out, nor that of another notebook that comes to the front. */
  private isNews(session: Session, key: string): boolean {
    const { last } = this;
    return last?.sessionId === session.id ? last.key !== key : session.status === "pending";
  }
}
