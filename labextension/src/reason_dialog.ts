/** Asks why sessions of others are to be closed. Their owners read the reason. */

import type { Session, Translate } from "@lakesail/notebook-ui";

import { openModal } from "./modal";

const LONGEST = 200;
const SHOWN = 8;

/** How the question is called, and its red button. */
export function closingWords(t: Translate, count: number): { readonly title: string; readonly confirm: string } {
  return count === 1
    ? { title: t("closeTitleOne"), confirm: t("closeButtonOne") }
    : { title: t("closeTitleMany", { count }), confirm: t("closeButtonMany", { count }) };
}

/** @returns the reason, or `null` when it was given up. */
export function askReason(
  t: Translate,
  sessions: readonly Session[],
  nameOf: (session: Session) => string,
): Promise<string | null> {
  return new Promise((resolve) => openDialog(t, sessions, nameOf, resolve));
}

function openDialog(
  t: Translate,
  sessions: readonly Session[],
  nameOf: (session: Session) => string,
  resolve: (reason: string | null) => void,
): void {
  const { title, confirm } = closingWords(t, sessions.length);
  const form = element("form", "lsn-Reason");
  form.method = "dialog";
  const field = element("textarea", "jp-mod-styled");
  field.id = "lsn-reason";
  field.maxLength = LONGEST;
  field.rows = 2;
  const label = element("label", "", t("reasonLabel"));
  label.htmlFor = field.id;
  const hint = element("div", "lsn-Reason-hint");
  const accept = element("button", "jp-Dialog-button jp-mod-styled jp-mod-warn", confirm);
  const cancel = element("button", "jp-Dialog-button jp-mod-styled jp-mod-reject", t("cancel"));
  cancel.type = "button";
  const footer = element("div", "lsn-Reason-footer");
  footer.append(cancel, accept);
  form.append(element("h1", "", title), element("p", "", t("closeEffect")), listOf(t, sessions, nameOf));
  form.append(label, field, hint, footer);

  let reason: string | null = null;
  const modal = openModal(title, form, "lsn-mod-reason", () => resolve(reason));
  const check = (): void => {
    hint.textContent = t("reasonHint", { count: field.value.length, limit: LONGEST });
    accept.disabled = field.value.trim() === "";
  };
  field.addEventListener("input", check);
  cancel.addEventListener("click", () => modal.close());
  form.addEventListener("submit", () => (reason = field.value.trim()));
  check();
  field.focus();
}

/** `backfill-2024 and backfill-2023 of Mara Voss`, a line for each owner. */
function listOf(t: Translate, sessions: readonly Session[], nameOf: (session: Session) => string): HTMLElement {
  const list = element("ul", "");
  const owners = new Map<string, Session[]>();
  for (const session of sessions.slice(0, SHOWN)) {
    const owner = session.ownerName ?? "";
    owners.set(owner, [...(owners.get(owner) ?? []), session]);
  }
  for (const [owner, theirs] of owners) {
    const names = new Intl.ListFormat(undefined, { type: "conjunction" }).format(theirs.map(nameOf));
    list.append(element("li", "", owner ? t("nameOfOwner", { names, owner }) : names));
  }
  if (sessions.length > SHOWN) {
    list.append(element("li", "", t("moreSessions", { count: sessions.length - SHOWN })));
  }
  return list;
}

function element<Tag extends keyof HTMLElementTagNameMap>(tag: Tag, className: string, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
