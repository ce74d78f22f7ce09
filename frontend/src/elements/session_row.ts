/** A session as a row of two lines. */

import { html, nothing, type TemplateResult } from "lit";

import * as icons from "../icons";
import { lowered } from "../model/bar";
import { countdown, isOver, type Countdown } from "../model/countdown";
import { isOpenable, modeName, modeWord } from "../model/marimo";
import { endReason } from "../model/reasons";
import type { Snapshot } from "../model/snapshot";
import { placeOf } from "../model/notebook_session";
import { fileName, isClosing, isKnown, nameOf, stateOf, type State } from "../model/states";
import { earliest, fullTime, nextSecond, SECOND, took, when } from "../model/times";
import type { Session } from "../model/types";
import type { Sentence, Translate } from "../strings";
import { countdownText, iconButton, mark } from "./templates";
import { isUsable, openAct, useAct, useLabel, type SessionActions } from "./session_menu";

/** What a row says, without how. */
export interface RowFacts {
  readonly session: Session;
  readonly name: string;
  readonly state: State;
  /** `null` where no end is known or shown. */
  readonly end: Countdown | null;
  readonly closing: boolean;
  /** Whether acts may be asked for. */
  readonly known: boolean;
  readonly changesAt: number | null;
}

export function rowFacts(t: Translate, snapshot: Snapshot, session: Session, now: number): RowFacts {
  const closing = isClosing(snapshot, session);
  const state = stateOf(t, session, now, snapshot.link, closing);
  const known = isKnown(snapshot.link);
  const end = known && !closing && state.mark !== "pending" ? countdown(t, session, now) : null;
  const tick = state.mark === "pending" ? nextSecond(session.createdAt, now) : null;
  const changesAt = earliest([state.changesAt, end?.changesAt, tick]);
  return { session, name: nameOf(session), state, end, closing, known, changesAt };
}

/** `small`, `flights-eda.ipynb`; in a team the owner stands first. */
export function secondLine(t: Translate, { session, state }: RowFacts, now: number, teams: boolean): string[] {
  if (isOver(session)) {
    return [reasonText(t, session)];
  }
  const { ownerName, configName } = session;
  const since = t("startingSince", { time: took(t, Math.floor((now - session.createdAt) / SECOND) * SECOND, 0) });
  const { marimo } = session;
  const place = marimo ? fileName(placeOf(session)) : placeOf(session);
  const last = state.mark === "pending" ? since : place;
  // What does not fit is cut off at the end. The name of the session says which file it is, too.
  return [teams ? ownerName : null, configName, marimo && modeWord(t, marimo), last].flatMap((part) => part || []);
}

export function reasonText(t: Translate, session: Session): string {
  const said: Sentence | string = endReason(t, session);
  return typeof said === "string" ? said : t(said.key, said.values);
}

/** Says beside the name that marimo serves the session's page. */
export function marimoTag(t: Translate, { marimo }: Session): TemplateResult | typeof nothing {
  return marimo ? html`<span class="tag line" title=${modeName(t, marimo)}>${t("marimoMark")}</span>` : nothing;
}

/** How a screen reader calls the row: `flights-eda, active, small, flights-eda.ipynb, closes in 8 h if unused`. */
export function spokenRow(t: Translate, facts: RowFacts, teams: boolean): string {
  const { session, name, state, end } = facts;
  const parts = [
    name,
    session.marimo && modeName(t, session.marimo),
    lowered(state.word),
    teams ? session.ownerName : null,
    session.configName,
    fileName(session.notebookPath),
    isOver(session) ? reasonText(t, session) : end && lowered(end.text),
  ];
  return parts.filter(Boolean).join(", ");
}

/** What stands at the right of a row that nobody points at. */
export function rowEnd(t: Translate, facts: RowFacts, now: number): TemplateResult {
  const { session, end, closing } = facts;
  if (isOver(session)) {
    const at = session.closedAt ?? session.createdAt;
    return html`<span class="end" role="gridcell" title=${fullTime(at)}>${when(t, at, now)}</span>`;
  }
  const text = closing || end?.over ? t("closing") : end && !end.soon ? t("timeLeft", { time: end.short }) : "";
  const inside = end?.soon && !end.over ? countdownText(end, end.short) : text;
  const title = end ? end.text : nothing;
  return html`<span class="end" role="gridcell" title=${title}>${inside}</span>`;
}

/** The buttons of a row that somebody points at, or that has the focus. */
export function rowActs(facts: RowFacts, actions: SessionActions, more: (event: Event) => void): TemplateResult {
  const { session } = facts;
  const { t, ask, close, relaunch } = actions;
  const open = iconButton(icons.table, t("queriesAndLog"), () => ask({ act: "openSession", sessionId: session.id }));
  const first = isOver(session)
    ? session.mine
      ? iconButton(icons.again, t("relaunch"), () => relaunch(session))
      : nothing
    : isOpenable(session)
      ? iconButton(icons.launch, t("openMarimoTab"), () => ask(openAct(session)))
      : isUsable(session, actions)
        ? iconButton(icons.insert, useLabel(actions), () => ask(useAct(session)))
        : nothing;
  const second = isOver(session) ? open : iconButton(icons.cross, t("close"), () => close(session));
  const details = isOver(session) || first !== nothing ? nothing : open;
  return html`<span class="acts" role="gridcell"
    >${first}${details}${second}${iconButton(icons.dots, t("moreActions"), more, { menu: true })}</span
  >`;
}

export function rowMark({ state }: RowFacts): TemplateResult {
  return mark(state.mark, "mark");
}
