/** What the toolbar button and the status bar say of a notebook. */

import type { Translate } from "../strings";
import type { Act } from "./acts";
import { countdown } from "./countdown";
import { hereState, usualConfig } from "./here";
import type { Snapshot } from "./snapshot";
import { isClosing, nameOf, stateOf, word, type Mark } from "./states";
import { duration, earliest, nextSecond, SECOND } from "./times";
import type { Notebook, Session } from "./types";

export interface BarTexts {
  /** `null` without a session. */
  readonly mark: Mark | null;
  /** The config's name, or `Connect` without a session. */
  readonly name: string;
  /** The longest name that the button will have in this notebook. */
  readonly longest: string;
  /** `6:12` when it closes soon. */
  readonly time: string | null;
  /** `Sail: small | Active`; `null` without a session. */
  readonly status: string | null;
  /** How much is left, when it closes soon. */
  readonly share: number | null;
  readonly tooltip: string;
  /** What a screen reader hears after the text of the button. */
  readonly more: string;
  readonly changesAt: number | null;
}

export function barTexts(
  t: Translate,
  snapshot: Snapshot,
  notebook: Notebook | null,
  session: Session | null,
  now: number,
): BarTexts {
  const texts = session ? ofSession(t, snapshot, session, now) : ofNone(t, snapshot, notebook);
  const shown = [texts.name, texts.time].filter(Boolean).join(" ");
  const { tooltip } = texts;
  return { ...texts, more: tooltip.startsWith(shown) ? tooltip.slice(shown.length) : `. ${tooltip}` };
}

/** What a click on the toolbar button does. Without a session it connects where that cannot surprise: the notebook
    remembers a config, or nobody else pays. */
export function buttonClick(snapshot: Snapshot, notebook: Notebook, session: Session | null): Act {
  const state = hereState(snapshot, notebook, session);
  if (state !== "none") {
    return { act: "open", picker: false };
  }
  if (notebook.remembered === null && !snapshot.me?.singleUser) {
    return { act: "open", picker: true };
  }
  return notebook.connecting === "no"
    ? { act: "connect", choice: { config: usualConfig(snapshot, notebook), remember: true } }
    : { act: "open", picker: false };
}

function ofNone(t: Translate, snapshot: Snapshot, notebook: Notebook | null): Omit<BarTexts, "more"> {
  const connecting = notebook !== null && notebook.connecting !== "no";
  const config = notebook ? usualConfig(snapshot, notebook) : null;
  const connect = t("connect");
  const tooltip = notebook?.remembered
    ? t("tooltipConnect", { config: notebook.remembered })
    : config
      ? t("tooltipConnectDefault", { config })
      : t("tooltipConnectAny");
  return {
    mark: connecting ? "pending" : null,
    name: connecting && config ? config : connect,
    longest: config && config.length > connect.length ? config : connect,
    time: null,
    status: null,
    share: null,
    tooltip: connecting ? t("connecting") : tooltip,
    changesAt: null,
  };
}

function ofSession(t: Translate, snapshot: Snapshot, session: Session, now: number): Omit<BarTexts, "more"> {
  const state = stateOf(t, session, now, snapshot.link, isClosing(snapshot, session));
  const end = state.mark === "unknown" || state.mark === "closed" ? null : countdown(t, session, now);
  const soon = state.mark === "soon" ? end : null;
  const name = session.configName ?? nameOf(session);
  const starting = state.mark === "pending";
  const changes = [state.changesAt, end?.changesAt, starting ? nextSecond(session.createdAt, now) : null];
  const status = t("statusBar", { name, state: statusWord(t, session, state.mark, soon?.brief ?? null, now) });
  return {
    mark: state.mark,
    name,
    longest: name.length > t("connect").length ? name : t("connect"),
    time: soon?.short ?? null,
    status,
    share: soon?.share ?? null,
    tooltip: tooltipOf(t, session, state.word, end?.text ?? null),
    changesAt: earliest(changes),
  };
}

function statusWord(t: Translate, session: Session, mark: Mark, soon: string | null, now: number): string {
  switch (mark) {
    case "pending":
      return t("startingFor", { time: duration(t, Math.floor((now - session.createdAt) / SECOND)) });
    case "unknown":
      return t("notKnown");
    case "closed":
      return t(session.status === "closed" ? "closed" : "closingNow");
    default:
      return soon ?? word(t, session);
  }
}

function tooltipOf(t: Translate, session: Session, state: string, end: string | null): string {
  const values = { name: nameOf(session), state: lowered(state) };
  return end ? t("tooltipEnd", { ...values, end: lowered(end) }) : t("tooltip", values);
}

export function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
