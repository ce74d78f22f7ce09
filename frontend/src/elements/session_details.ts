/** What there is to know of a session, as a list of facts. */

import { html, nothing, type TemplateResult } from "lit";

import type { Act } from "../model/acts";
import { isOver } from "../model/countdown";
import { endReason } from "../model/reasons";
import { pythonLine } from "../model/session_facts";
import { modeWord } from "../model/marimo";
import { placeOf } from "../model/notebook_session";
import { money, priceText, sizeText } from "../model/sizes";
import { clock, clockSeconds, date, daysBetween, duration, fullTime } from "../model/times";
import type { Session } from "../model/types";
import type { Translate } from "../strings";
import type { Copied } from "./copied";
import { bdi, sentence } from "./templates";

export interface DetailsContext {
  readonly t: Translate;
  readonly now: number;
  /** Whether there are owners to tell apart. */
  readonly teams: boolean;
  readonly copied: Copied;
  readonly ask: (act: Act) => void;
}

export function sessionDetails(session: Session, context: DetailsContext): TemplateResult {
  return html`<dl>
      ${rowsOf(session, context).map(
        ([name, value, className]) =>
          html`<dt>${name}</dt>
            <dd class=${className ?? nothing}>${value}</dd>`,
      )}
    </dl>
    ${session.marimo ? html`<p class="small dim">${context.t("marimoShares")}</p>` : nothing}`;
}

type Row = readonly [name: string, value: unknown, className?: string];

function rowsOf(session: Session, context: DetailsContext): Row[] {
  const { t, copied, teams } = context;
  const { id, endpoint, ownerName, statusMessage, metadata, marimo } = session;
  const isLive = !isOver(session);
  const pairs = Object.entries(metadata);
  const rows: (Row | null)[] = [
    [t("idRow"), html`${id} <span class="copy">${copied.icon(t, id, t("copyId"))}</span>`, "mono"],
    notebookRow(session, context),
    marimo ? [t("marimoRow"), modeWord(t, marimo)] : null,
    teams && ownerName ? [t("ownerRow"), bdi(ownerName)] : null,
    computeRow(session, context),
    costRow(session, context),
    isLive && session.mine && endpoint && marimo === null
      ? [
          t("endpointRow"),
          html`${endpoint} <span class="copy">${copied.icon(t, pythonLine(session), t("copyLine"))}</span>`,
          "mono",
        ]
      : null,
    ...timeRows(session, context),
    isLive ? [t("limitsRow"), limitsText(t, session, context.now)] : null,
    statusMessage ? [t("messageRow"), bdi(statusMessage)] : null,
    pairs.length
      ? [t("metadataRow"), pairs.map(([key, value]) => html`<div>${bdi(key)}: ${bdi(value)}</div>`), "mono"]
      : null,
  ];
  return rows.filter((row) => row !== null);
}

function notebookRow(session: Session, { t, ask }: DetailsContext): Row | null {
  const place = placeOf(session);
  if (place === null) {
    return null;
  }
  const open = (event: Event): void => {
    event.preventDefault();
    ask({ act: "openNotebook", path: place });
  };
  const opens = session.mine && session.contentsPath !== null;
  return [t("notebookRow"), opens ? html`<a href="#notebook" @click=${open}>${bdi(place)}</a>` : bdi(place)];
}

function computeRow({ configName, size }: Session, { t }: DetailsContext): Row | null {
  const parts = [configName ? bdi(configName) : null, size ? sizeText(t, size) : null].filter((part) => part !== null);
  return parts.length ? [t("computeRow"), parts.map((part, index) => [index ? " · " : "", part])] : null;
}

function costRow({ price, costSoFar }: Session, { t }: DetailsContext): Row | null {
  if (!price) {
    return null;
  }
  const soFar = costSoFar === null ? "" : `, ${t("soFar", { cost: money(costSoFar, price.currency) })}`;
  return [t("costRow"), priceText(t, price) + soFar];
}

function timeRows(session: Session, { t, now }: DetailsContext): (Row | null)[] {
  const { createdAt, lastActivityAt, closedAt, mine, ownerName } = session;
  const time = (moment: number): TemplateResult =>
    html`<span title=${fullTime(moment)}>${momentText(t, moment, now)}</span>`;
  const created = momentText(t, createdAt, now);
  const by = mine
    ? t("startedByYou", { time: created })
    : ownerName
      ? t("startedBy", { time: created, owner: ownerName })
      : created;
  return [
    [t("startedRow"), html`<bdi title=${fullTime(createdAt)}>${by}</bdi>`],
    lastActivityAt === null ? null : [t("lastUsedRow"), time(lastActivityAt)],
    isOver(session) && closedAt !== null
      ? [t("endedRow"), html`${time(closedAt)} · ${sentence(t, endReason(t, session))}`]
      : null,
  ];
}

/** `Today 09:00:26`. */
function momentText(t: Translate, moment: number, now: number): string {
  const time = clockSeconds(moment);
  switch (daysBetween(moment, now)) {
    case 0:
      return t("todayAt", { time });
    case 1:
      return t("yesterdayAt", { time });
    default:
      return t("dayAt", { day: date(moment, now), time });
  }
}

/** `idle after 30 min, then closes after 8 h; no longest time; kept until 09:45 at least`. */
function limitsText(t: Translate, session: Session, now: number): string {
  const { idleTimeoutSeconds: idle, idleCloseDelaySeconds: delay, maxDurationSeconds: most, extendedUntil } = session;
  const closes = delay === null || idle === null ? null : { idle: duration(t, idle), close: duration(t, delay) };
  return [
    idle === null
      ? t("noIdleLimit")
      : closes
        ? t("idleAfterThen", closes)
        : t("idleAfterTime", { time: duration(t, idle) }),
    most === null ? t("noLongestTime") : t("longestTime", { time: duration(t, most) }),
    extendedUntil === null || extendedUntil <= now ? null : t("keptAtLeast", { time: clock(extendedUntil) }),
  ]
    .filter(Boolean)
    .join("; ");
}
