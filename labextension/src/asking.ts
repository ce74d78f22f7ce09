/** Questions before acts that cannot be taken back, where the element did not ask in place. */

import { type Act, nameOf, type Session, type Source, type Translate } from "@lakesail/notebook-ui";

import { ask } from "./questions";
import { askReason, closingWords } from "./reason_dialog";

export class Asking {
  constructor(
    private readonly source: Source,
    private readonly t: Translate,
  ) {}

  /** @returns the act to do, with what was answered; `null` when it was given up. */
  async confirmed(act: Act): Promise<Act | null> {
    switch (act.act) {
      case "close":
        return this.close(act);
      case "closeMany":
        return this.closeMany(act);
      default:
        return act;
    }
  }

  /** A person's own session was asked about in place. Others' owners are told why. */
  private async close(act: Extract<Act, { act: "close" }>): Promise<Act | null> {
    const session = this.session(act.sessionId);
    if (!session || session.mine || act.reason) {
      return act;
    }
    const reason = await askReason(this.t, [session], nameOf);
    return reason === null ? null : { ...act, reason };
  }

  private async closeMany(act: Extract<Act, { act: "closeMany" }>): Promise<Act | null> {
    const sessions = act.sessionIds.flatMap((id) => this.session(id) ?? []);
    if (act.reason) {
      return act;
    }
    if (sessions.some((session) => !session.mine)) {
      const reason = await askReason(this.t, sessions, nameOf);
      return reason === null ? null : { ...act, reason };
    }
    const { t } = this;
    const words = closingWords(t, sessions.length);
    return (await ask({ ...words, body: t("closeMineWarning"), cancel: t("cancel") })) ? act : null;
  }

  private session(id: string): Session | undefined {
    const { sessions, ended } = this.source.snapshot;
    return [...(sessions.items ?? []), ...(ended?.items ?? [])].find((session) => session.id === id);
  }
}
