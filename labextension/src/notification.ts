/** Says that a session of an open notebook is about to close, to somebody who looks at something else. */

import { Notification } from "@jupyterlab/apputils";
import {
  countdown,
  duration,
  isOver,
  keepChoices,
  lowered,
  nameOf,
  type Session,
  sessionOfNotebook,
  soonAt,
} from "@lakesail/notebook-ui";

import type { NotebookWatch } from "./notebook_watch";
import type { Surface } from "./surface";

/** JupyterLab cuts texts after 140 characters, and the end of this one says what matters. */
const LONGEST_NAME = 80;

export class Notifier {
  /** The notification of each session, and the end that it tells. */
  private readonly told = new Map<string, { readonly end: number; readonly id: string }>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly page: Surface,
    private readonly isInFront: (watch: NotebookWatch) => boolean,
  ) {
    page.notebooks.changed.connect(this.look, this);
    document.addEventListener("visibilitychange", () => this.look());
  }

  /** Looks at what is open now, and again when the next session is about to close. */
  look(): void {
    const { notebooks, settings, source } = this.page;
    const now = Date.now() + source.snapshot.skewMs;
    const soon = new Set<string>();
    let next = Infinity;
    for (const watch of notebooks.all) {
      const session = sessionOfNotebook(source.snapshot, watch.state);
      const at = session && !isOver(session) ? soonAt(session) : null;
      if (session && at !== null && at <= now) {
        soon.add(session.id);
        if (settings.values.notifyBeforeClose && (document.hidden || !this.isInFront(watch))) {
          this.tell(session, now);
        }
      } else if (at !== null) {
        next = Math.min(next, at - now);
      }
    }
    this.dismissOthers(soon);
    clearTimeout(this.timer);
    // Longer than a timer can be: the page is asked again by then.
    if (next < 2 ** 31) {
      this.timer = setTimeout(() => this.look(), next);
    }
  }

  private tell(session: Session, now: number): void {
    const { t, source } = this.page;
    const end = session.timeoutAt ?? 0;
    const before = this.told.get(session.id);
    if (before?.end === end) {
      return;
    }
    if (before) {
      Notification.dismiss(before.id);
    }
    const { id: sessionId } = session;
    const [seconds] = keepChoices(session, source.snapshot.me, now);
    const close: Notification.IAction = {
      label: t("notifyClose"),
      callback: () => void this.page.perform({ act: "close", sessionId }),
    };
    const actions = [close];
    if (seconds !== undefined) {
      actions.push({
        label: t("keepFor", { time: duration(t, seconds) }),
        displayType: "accent",
        callback: () => void this.page.perform({ act: "keep", sessionId, seconds }),
      });
    }
    const text = lowered(countdown(t, session, now)?.text ?? "");
    const id = Notification.warning(t("notifyCloses", { name: shortened(nameOf(session)), end: text }), {
      autoClose: false,
      actions,
    });
    this.told.set(sessionId, { end, id });
  }

  /** A session that was used, kept or closed needs no notification any more. */
  private dismissOthers(soon: ReadonlySet<string>): void {
    for (const [sessionId, { id }] of this.told) {
      if (!soon.has(sessionId)) {
        this.told.delete(sessionId);
        Notification.dismiss(id);
      }
    }
  }
}

function shortened(name: string): string {
  const characters = [...name];
  return characters.length > LONGEST_NAME ? `${characters.slice(0, LONGEST_NAME - 1).join("")}…` : name;
}
