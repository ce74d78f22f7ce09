/** The facts of a session, one below the other. */

import { html, nothing, type TemplateResult } from "lit";

import type { Act } from "../model/acts";
import { pythonLine } from "../model/session_facts";
import { costText, sizeText } from "../model/sizes";
import { clock, duration, fullTime } from "../model/times";
import type { Session } from "../model/types";
import type { Key, Translate } from "../strings";
import type { Copied } from "./copied";
import { bdi, button, filled } from "./templates";

export interface Around {
  readonly t: Translate;
  readonly now: number;
  readonly copied: Copied;
  readonly ask: (act: Act) => void;
}

export function sessionDetails(session: Session, around: Around): TemplateResult {
  const { t } = around;
  const size = session.size ? sizeText(t, session.size) : null;
  const ended = session.closedAt === null ? null : fullTime(session.closedAt);
  const used = session.lastActivityAt === null ? null : fullTime(session.lastActivityAt);
  const facts: readonly (readonly [Key, unknown])[] = [
    ["detailId", withCopy(session.id, around.copied.icon(t, session.id, t("copyId")))],
    ["detailNotebook", notebookLink(session, around)],
    ["detailEndpoint", endpoint(session, around)],
    ["detailConfig", session.configName === null ? null : bdi(session.configName)],
    ["detailSize", size],
    ["detailCost", costText(t, session)],
    ["detailStarted", started(t, session)],
    ["detailUsed", used],
    ["detailEnded", ended],
    ["detailLimits", limits(t, session, around.now)],
    ["detailMessage", session.statusMessage === null ? null : bdi(session.statusMessage)],
  ];
  return html`<dl>
    ${facts.map(([name, value]) =>
      value === null
        ? nothing
        : html`<dt>${t(name)}</dt>
            <dd>${value}</dd>`,
    )}
  </dl>`;
}

function withCopy(text: string, copy: TemplateResult): TemplateResult {
  return html`<span class="mono">${bdi(text)}</span> ${copy}`;
}

function endpoint(session: Session, { t, copied }: Around): TemplateResult | null {
  return session.endpoint === null
    ? null
    : withCopy(session.endpoint, copied.icon(t, pythonLine(session), t("copyLine")));
}

function notebookLink({ notebookPath: path }: Session, { ask }: Around): TemplateResult | null {
  return path === null ? null : button(bdi(path), () => ask({ act: "openNotebook", path }), { kind: "link" });
}

function started(t: Translate, session: Session): unknown {
  const time = fullTime(session.createdAt);
  const person = session.mine ? t("you") : session.ownerName;
  return person === null ? time : filled(t, "detailStartedBy", { time, person: bdi(person) });
}

/** `idle after 30 min, then closes after 8 h; no longest time; kept until 09:45 at least`. */
export function limits(t: Translate, session: Session, now: number): string {
  const { idleTimeoutSeconds: idle, idleCloseDelaySeconds: delay, maxDurationSeconds: longest } = session;
  const parts: string[] = [];
  if (idle !== null) {
    const times = { idle: duration(t, idle), delay: duration(t, delay ?? 0) };
    parts.push(delay ? t("idleLimit", times) : t("idleOnly", times));
  }
  parts.push(longest === null ? t("noLongest") : t("longestLimit", { time: duration(t, longest) }));
  if (session.extendedUntil !== null && session.extendedUntil > now) {
    parts.push(t("keptAtLeast", { time: clock(session.extendedUntil) }));
  }
  return parts.join("; ");
}
