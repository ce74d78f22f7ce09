/** The columns of the table of sessions. */

import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";

import * as icons from "../icons";
import { isOver } from "../model/countdown";
import { placeOf } from "../model/notebook_session";
import { money } from "../model/sizes";
import { nameOf } from "../model/states";
import { nextSort, type Sort, type SortKey } from "../model/table_order";
import { coarse, fullTime, SECOND, stopwatch, when } from "../model/times";
import type { Session } from "../model/types";
import type { Key, Translate } from "../strings";
import { marimoTag, reasonText, type RowFacts } from "./session_row";
import { bdi, mark } from "./templates";

export interface Column {
  readonly key: SortKey | null;
  readonly label: Key;
  readonly className: string;
}

const NAME: Column = { key: "name", label: "sessionColumn", className: "name" };
const OWNER: Column = { key: "owner", label: "ownerColumn", className: "owner" };
const CONFIG: Column = { key: "config", label: "configColumn", className: "config" };
const NOTEBOOK: Column = { key: "notebook", label: "notebookColumn", className: "notebook" };
const STARTED: Column = { key: "started", label: "startedColumn", className: "started" };
const CLOSES: Column = { key: "closes", label: "closesColumn", className: "closes" };
const ENDED: Column = { key: "ended", label: "endedColumn", className: "when" };
const REASON: Column = { key: null, label: "reasonColumn", className: "notebook" };
const PRICE: Column = { key: "price", label: "priceColumn", className: "price n" };

export function columnsOf(ended: boolean, teams: boolean): Column[] {
  const owner = teams ? [OWNER] : [];
  return ended
    ? [NAME, ...owner, CONFIG, REASON, STARTED, ENDED]
    : [NAME, ...owner, CONFIG, NOTEBOOK, STARTED, CLOSES, PRICE];
}

export function headCell(t: Translate, column: Column, sort: Sort, set: (sort: Sort) => void): TemplateResult {
  const { key, label, className } = column;
  if (key === null) {
    return html`<th class=${className} scope="col">${t(label)}</th>`;
  }
  const isSorted = sort.key === key;
  const direction = isSorted ? (sort.descending ? "descending" : "ascending") : "none";
  return html`<th class=${className} scope="col" aria-sort=${direction}>
    <button type="button" class="sort" @click=${() => set(nextSort(sort, key))}>
      ${t(label)}${isSorted ? icons.icon(icons.down) : nothing}
    </button>
  </th>`;
}

/** @param menu the button of the row, in place of the last column's text. */
export function bodyCell(
  t: Translate,
  column: Column,
  facts: RowFacts,
  now: number,
  menu: TemplateResult | typeof nothing,
): TemplateResult {
  const { session, name, state } = facts;
  const cell = (content: unknown, title: string | null = null): TemplateResult =>
    html`<td class=${column.className} title=${title || nothing}>${content}</td>`;
  switch (column) {
    case NAME:
      return cell(
        html`<div class="tagged">
          ${mark(state.mark)}<span class="sr">${state.word}</span
          ><span class="clip">${bdi(name)}</span>${marimoTag(t, session)}
        </div>`,
        `${name}: ${state.word}`,
      );
    case OWNER:
      return cell(ownerOf(t, session), session.ownerName);
    case CONFIG:
      return cell(bdi(session.configName ?? ""), session.configName);
    case NOTEBOOK:
      return cell(bdi(placeOf(session) ?? ""), placeOf(session));
    case REASON:
      return cell(bdi(reasonText(t, session)), reasonText(t, session));
    case STARTED:
      return cell(when(t, session.createdAt, now), fullTime(session.createdAt));
    case ENDED:
      return menu === nothing ? cell(endedAt(t, session, now), endedTitle(session)) : cell(menu);
    case CLOSES:
      return cell(closesText(t, facts, now), facts.end?.text);
    default:
      return menu === nothing ? cell(priceOf(session)) : cell(menu);
  }
}

function ownerOf(t: Translate, { serviceAccountId, ownerName }: Session): unknown {
  const key = serviceAccountId
    ? html`<span title=${t("serviceAccount")}>${icons.icon(icons.key, "i")}</span
        ><span class="sr">${t("serviceAccount")}</span>`
    : nothing;
  return html`${key}${bdi(ownerName ?? "")}`;
}

/** `11 h 2 min`, `6:12`, `starting, 0:48`. */
function closesText(t: Translate, { session, state, end, closing }: RowFacts, now: number): unknown {
  if (closing || end?.over) {
    return t("closing");
  }
  if (state.mark === "pending") {
    return t("startingSince", { time: stopwatch(now - session.createdAt) });
  }
  if (!end || session.timeoutAt === null || isOver(session)) {
    return "";
  }
  const left = Math.ceil((session.timeoutAt - now) / (60 * SECOND)) * 60 * SECOND;
  return end.soon ? html`<b>${end.short}</b>` : coarse(t, left);
}

function endedAt(t: Translate, { closedAt }: Session, now: number): string {
  return closedAt === null ? "" : when(t, closedAt, now);
}

function endedTitle({ closedAt }: Session): string | null {
  return closedAt === null ? null : fullTime(closedAt);
}

function priceOf({ price }: Session): string {
  return price ? money(price.perHour, price.currency) : "";
}

export function checkCell(
  t: Translate,
  session: Session,
  chosen: boolean,
  toggle: (range: boolean) => void,
): TemplateResult {
  const label = t("selectNamed", { name: nameOf(session) });
  const box = html`<input
    type="checkbox"
    tabindex="-1"
    aria-label=${label}
    .checked=${live(chosen)}
    @click=${(event: MouseEvent) => toggle(event.shiftKey)}
  />`;
  return html`<td class="c">${isOver(session) ? nothing : box}</td>`;
}

/** Stands for rows that are not drawn. */
export function gapRow(height: number): TemplateResult | typeof nothing {
  return height
    ? html`<tr class="gap" aria-hidden="true">
        <td style="height:${height}px"></td>
      </tr>`
    : nothing;
}
