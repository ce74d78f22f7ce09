/** What can be done with a session, for its buttons and its menu. */

import * as icons from "../icons";
import type { Act } from "../model/acts";
import { isOver } from "../model/countdown";
import { isOpenable } from "../model/marimo";
import type { Menu, MenuItem } from "../model/menu";
import { keepChoices, pythonLine } from "../model/session_facts";
import { fileName } from "../model/states";
import { duration } from "../model/times";
import type { Me, Session } from "../model/types";
import type { Key, Translate } from "../strings";

export interface SessionActions {
  readonly t: Translate;
  readonly me: Me | null;
  readonly now: number;
  /** Id of the session of the current notebook. */
  readonly here: string | null;
  /** The file's name; `null` when no notebook is current. */
  readonly currentNotebook: string | null;
  readonly ask: (act: Act) => void;
  readonly close: (session: Session) => void;
  readonly relaunch: (session: Session) => void;
  /** Begins to select several; absent where that is not for the caller. */
  readonly select?: (session: Session) => void;
}

/** Whether the current notebook may connect to it. */
export function isUsable(session: Session, { here, currentNotebook }: SessionActions): boolean {
  return session.mine && !isOver(session) && session.marimo === null && session.id !== here && currentNotebook !== null;
}

export function useLabel({ t, currentNotebook }: SessionActions): string {
  return currentNotebook === null ? t("useCurrent") : t("useIn", { notebook: fileName(currentNotebook) });
}

export function useAct(session: Session): Act {
  return { act: "connect", choice: { sessionId: session.id } };
}

export function openAct({ id: sessionId }: Session): Act {
  return { act: "openMarimo", sessionId };
}

/** What goes with a live session, as far as a list knows. */
export function losesKey({ marimo }: Session): Key {
  return marimo ? "losesMarimo" : "losesUnknown";
}

export function sessionMenu(session: Session, actions: SessionActions): Menu {
  const { t, ask, select } = actions;
  const groups: (MenuItem | null)[][] = [
    openItems(session, actions),
    session.mine ? changeItems(session, actions) : [],
    [
      { label: t("copyId"), shape: icons.copy, run: () => ask({ act: "copy", text: session.id }) },
      session.mine && !isOver(session) && session.marimo === null
        ? { label: t("copyLine"), run: () => ask({ act: "copy", text: pythonLine(session) }) }
        : null,
    ],
    [select ? { label: t("select"), run: () => select(session) } : null],
    [isOver(session) ? null : closeItem(session, actions)],
  ];
  return groups.map((items) => items.filter((item) => item !== null)).filter((items) => items.length);
}

function openItems(session: Session, actions: SessionActions): (MenuItem | null)[] {
  const { t, ask } = actions;
  const { contentsPath: path, id } = session;
  return [
    isOpenable(session)
      ? { label: t("openMarimoTab"), shape: icons.launch, key: t("keyEnter"), run: () => ask(openAct(session)) }
      : null,
    isUsable(session, actions)
      ? { label: useLabel(actions), shape: icons.insert, key: t("keyEnter"), run: () => ask(useAct(session)) }
      : null,
    session.mine && path !== null
      ? { label: t(session.marimo ? "openItsFile" : "openItsNotebook"), run: () => ask({ act: "openNotebook", path }) }
      : null,
    {
      label: t("queriesAndLog"),
      shape: icons.table,
      key: t("keySpace"),
      run: () => ask({ act: "openSession", sessionId: id }),
    },
  ];
}

function changeItems(session: Session, actions: SessionActions): MenuItem[] {
  const { t, ask, me, now, relaunch } = actions;
  const { id: sessionId } = session;
  const again = { label: t("relaunch"), shape: icons.again, run: () => relaunch(session) };
  if (isOver(session)) {
    return [again];
  }
  const keeps = keepChoices(session, me, now).map((seconds) => ({
    label: t("keepFor", { time: duration(t, seconds) }),
    shape: icons.later,
    run: () => ask({ act: "keep", sessionId, seconds }),
  }));
  const stop = { label: t("interruptRuns"), shape: icons.stop, run: () => ask({ act: "interrupt", sessionId }) };
  return [...keeps, ...(session.ready ? [stop] : []), again];
}

function closeItem(session: Session, { t, close }: SessionActions): MenuItem {
  return { label: t("closeSession"), shape: icons.cross, key: t("keyDelete"), run: () => close(session) };
}
