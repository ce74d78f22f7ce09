import { expect, test } from "vitest";

import { loaded, me, notebook, NOW, session, snapshot } from "../../fixtures/data";
import { configMenu } from "../../src/elements/config_menu";
import { sessionMenu, type SessionActions } from "../../src/elements/session_menu";
import { rowFacts, secondLine, spokenRow } from "../../src/elements/session_row";
import type { Act } from "../../src/model/acts";
import { isOpenable, marimoPage, marimoRefusal, sessionOfFile, startsMarimo } from "../../src/model/marimo";
import { sessionOfNotebook } from "../../src/model/notebook_session";
import { pickerGroups } from "../../src/model/picker";
import { matches } from "../../src/model/session_order";
import type { Session } from "../../src/model/types";
import { english as t } from "../../src/strings";
import { config } from "../../fixtures/data";

const FILE = "reports/flights.py";

function served(changes: Partial<Session> = {}): Session {
  return session({
    id: "M4R1M0",
    name: null,
    marimo: "run",
    kernelId: null,
    notebookPath: `/home/mara/${FILE}`,
    contentsPath: FILE,
    ...changes,
  });
}

function menuActs(one: Session): { readonly labels: readonly string[]; readonly acts: readonly Act[] } {
  const acts: Act[] = [];
  const actions: SessionActions = {
    t,
    me,
    now: NOW,
    here: null,
    currentNotebook: notebook.path,
    ask: (act) => void acts.push(act),
    close: () => undefined,
    relaunch: () => undefined,
  };
  const items = sessionMenu(one, actions).flat();
  items.forEach((item) => item.run());
  return { labels: items.map(({ label }) => label), acts };
}

test("a file's page is that of the live session that serves it in the same mode", () => {
  const edited = served({ id: "E", marimo: "edit" });
  const gone = served({ id: "C", status: "closed" });
  const foreign = served({ id: "F", mine: false });
  const all = [gone, foreign, session({ id: "K", contentsPath: FILE }), edited, served()];
  expect(sessionOfFile(all, FILE, "run")?.id).toBe("M4R1M0");
  expect(sessionOfFile(all, FILE, "edit")?.id).toBe("E");
  expect(sessionOfFile(all, "flights.py", "run")).toBeNull();
});

test("where the server does not tell the path of the Contents API, the path as it was given counts", () => {
  expect(sessionOfFile([served({ contentsPath: null, notebookPath: FILE })], FILE, "run")?.id).toBe("M4R1M0");
  expect(sessionOfFile([served({ contentsPath: null })], FILE, "run")).toBeNull();
});

test("the page can be opened while the session lives, by its owner", () => {
  expect(isOpenable(served({ status: "pending", ready: false }))).toBe(true);
  expect([served({ status: "failed" }), served({ mine: false }), session()].filter(isOpenable)).toEqual([]);
  expect(marimoPage("a/b")).toBe("lakesail/marimo/a%2Fb/_open");
});

test("why marimo is not started is said in the server's words", () => {
  const of = (marimo: typeof me.marimo) => marimoRefusal(t, { ...me, marimo });
  expect(of({ available: true, reason: null })).toBeNull();
  expect(of({ available: false, reason: "pip install marimo" })).toBe("pip install marimo");
  expect(of({ available: false, reason: null })).toBe("This server does not start marimo.");
  expect(of(null)).toContain("no marimo sessions");
  expect([null, me].map(startsMarimo)).toEqual([false, false]);
});

test("a Jupyter notebook's session is never one of marimo, and the picker offers none", () => {
  const ofMarimo = served({ contentsPath: notebook.path, notebookPath: notebook.path, usedBy: ["k1"], kernelId: "k1" });
  const known = snapshot({ sessions: loaded([ofMarimo]) });
  expect(sessionOfNotebook(known, notebook)).toBeNull();
  expect(sessionOfNotebook(known, { ...notebook, path: "flights.py" })?.id).toBe(ofMarimo.id);
  expect(pickerGroups(t, known, notebook, NOW).map(({ label }) => label)).toEqual(["computeConfigs"]);
});

test("a row names the file without its folder, and says what marimo serves", () => {
  const facts = rowFacts(t, snapshot(), served(), NOW);
  expect(facts.name).toBe("flights");
  expect(secondLine(t, facts, NOW, false)).toEqual(["small", "app", "flights.py"]);
  expect(spokenRow(t, facts, false)).toMatch(/^flights, marimo app, active, small, flights\.py, closes in/);
  const edited = rowFacts(t, snapshot(), served({ marimo: "edit", name: "delays" }), NOW);
  expect(secondLine(t, edited, NOW, false)).toEqual(["small", "notebook", "flights.py"]);
});

test("a filter finds sessions of marimo by that word", () => {
  expect(matches(served(), "marimo flights")).toBe(true);
  expect(matches(session(), "marimo")).toBe(false);
});

test("the menu of a session that marimo serves opens its page, and connects no notebook", () => {
  const { labels, acts } = menuActs(served());
  expect(labels[0]).toBe("Open in a new tab");
  expect(labels).not.toContain("Copy Python line");
  expect(acts).toContainEqual({ act: "openMarimo", sessionId: "M4R1M0" });
  expect(acts).toContainEqual({ act: "openNotebook", path: FILE });
  expect(acts.filter(({ act }) => act === "connect")).toEqual([]);
  expect(menuActs(served({ status: "closed" })).labels[0]).toBe("Open its file in the editor");
});

test("a config begins a marimo notebook where the server starts marimo", () => {
  const labels = (marimo: typeof me.marimo) =>
    configMenu(config(), {
      t,
      me: { ...me, marimo },
      hasNotebook: false,
      ask: () => undefined,
      delete: () => undefined,
    })
      .flat()
      .map(({ label }) => label);
  expect(labels({ available: true, reason: null })).toContain("New marimo notebook");
  expect(labels({ available: false, reason: "no" })).not.toContain("New marimo notebook");
});
