/** What the card says when there is no session to show: the page cannot ask, the kernel cannot, or a refusal. */

import { html, nothing, type TemplateResult } from "lit";

import * as icons from "../icons";
import type { Act } from "../model/acts";
import type { Here, Refusal, Relaunched } from "../model/here";
import type { Snapshot } from "../model/snapshot";
import { nameOf, stateOf } from "../model/states";
import { clock, duration, nextSecond, SECOND } from "../model/times";
import type { Notebook, Session } from "../model/types";
import type { Translate } from "../strings";
import { bdi, button, filled, iconButton, listed, mark, notice, refusal, skeleton } from "./templates";
import type { Copied } from "./copied";
import type { Clock } from "./ticker";

/** What the templates need of the element that draws them. */
export interface Around {
  readonly t: Translate;
  readonly snapshot: Snapshot;
  readonly clock: Clock;
  readonly ask: (act: Act) => void;
}

const INSTALL_IN_SERVER = "pip install lakesail-notebook";
const INSTALL_IN_KERNEL = "%pip install lakesail-notebook";

/** What the card and the panel say alike; `null`: they show the state in their own way. */
export function noticeOf(
  around: Around,
  state: Here,
  notebook: Notebook | null,
  copied: Copied,
): TemplateResult | null {
  const { t } = around;
  const install = (line: string): TemplateResult => copied.button(t, line, t("copyInstall"));
  switch (state) {
    case "loading":
      return html`<div class="late">${skeleton([112, 160, 186])}</div>`;
    case "absent":
      return absentNotice(around, install(INSTALL_IN_SERVER));
    case "refused":
      return settingsNotice(around);
    case "noPython":
    case "noPackage":
      return notebook && kernelNotice(around, notebook, install(INSTALL_IN_KERNEL));
    default:
      return null;
  }
}

/** Why the page cannot ask: the server is away, or the login. */
export function awayNotice({ t, snapshot, clock: time, ask }: Around): TemplateResult {
  if (snapshot.link === "loggedOut") {
    return notice({
      kind: "warn",
      shape: icons.lock,
      text: html`<b>${t("loggedOut")}</b> ${t("loggedOutHow")}`,
      buttons: [button(t("logIn"), () => ask({ act: "login" }), { kind: "primary" })],
    });
  }
  const asOf = snapshot.asOf ? [" ", t("shownAsOf", { time: clock(snapshot.asOf) })] : nothing;
  const left = snapshot.retryAt === null ? null : Math.ceil((snapshot.retryAt - time.now()) / SECOND);
  if (left !== null && left > 0 && snapshot.retryAt !== null) {
    time.changesAt(nextSecond(snapshot.retryAt, time.now()));
  }
  const again = left === null ? "" : left > 0 ? t("againIn", { time: duration(t, left) }) : t("tryingNow");
  return notice({
    kind: "warn",
    shape: icons.unknown,
    text: html`<b>${t("noAnswer")}</b>${asOf} <span aria-live="off">${again}</span>`,
    buttons: [button(t("tryNow"), () => ask({ act: "retry" }))],
  });
}

/** The server has no extension of ours. */
function absentNotice({ t }: Around, install: TemplateResult): TemplateResult {
  return notice({ kind: "info", text: html`<b>${t("absent")}</b> ${t("absentHow")}`, buttons: [install] });
}

/** A setting of the server is wrong; the API says which. */
function settingsNotice({ t, snapshot, ask }: Around): TemplateResult {
  return notice({
    kind: "bad",
    text: html`<b>${t("refusedSettings")}</b> ${bdi(snapshot.problem?.message ?? "")}`,
    buttons: [button(t("tryAgain"), () => ask({ act: "retry" }))],
    role: "alert",
  });
}

function kernelNotice({ t }: Around, notebook: Notebook, install: TemplateResult): TemplateResult {
  return notebook.kernel.fit === "no-python"
    ? notice({ kind: "info", text: t("noPython") })
    : notice({ kind: "info", text: filled(t, "noPackage", { kernel: bdi(notebook.kernel.name) }), buttons: [install] });
}

/** A new session like the last, and what is not in it. */
export function relaunchedNotice({ t, ask }: Around, { subject, lost }: Relaunched): TemplateResult {
  const told = lost?.length ? filled(t, "relaunchedLost", { views: html`${listed(t, lost)}` }) : "";
  return notice({
    kind: "info",
    text: html`${t("relaunched")} ${lost ? told : t("relaunchedUnknown")}`,
    buttons: [button(t("gotIt"), () => ask({ act: "dismiss", subject }))],
  });
}

/** Why connecting was refused, with ways out. `close` asks in place first. */
export function connectRefused(around: Around, refused: Refusal, close: (session: Session) => void): TemplateResult {
  const { t, clock: time } = around;
  if (refused.kind === "quota") {
    const { limit, sessions } = refused;
    return notice({
      kind: "warn",
      text: html`<b>${t("quotaFull", { count: sessions.length, limit })}</b> ${t("quotaHow")}`,
      more: html`<ul>
        ${sessions.map((session) => quotaRow(around, session, close))}
      </ul>`,
      role: "alert",
    });
  }
  if (refused.kind === "rate") {
    const left = Math.max(1, Math.ceil((refused.retryAt - time.now()) / SECOND));
    time.changesAt(nextSecond(refused.retryAt, time.now()));
    const again = html`<span aria-live="off">${t("rateAgain", { time: duration(t, left) })}</span>`;
    return notice({ kind: "warn", text: html`${bdi(refused.problem.message)} ${again}`, role: "alert" });
  }
  return refusal(t, refused.problem);
}

function quotaRow({ t, snapshot, clock: time, ask }: Around, session: Session, close: (session: Session) => void) {
  const { id } = session;
  const state = stateOf(t, session, time.now(), snapshot.link);
  const name = nameOf(session);
  const choice = { sessionId: id };
  const title = `${t("useHere")}: ${name}`;
  const use = session.marimo ? nothing : button(t("useHere"), () => ask({ act: "connect", choice }), { title });
  return html`<li class="row one" title=${`${name}, ${state.word}`}>
    ${mark(state.mark)}<span class="clip">${bdi(name)}</span
    ><span class="bar">${use}${iconButton(icons.cross, `${t("close")}: ${name}`, () => close(session))}</span>
  </li>`;
}
