/** Has marimo serve files, and opens its pages. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import { showErrorMessage } from "@jupyterlab/apputils";
import {
  type Act,
  marimoPage,
  marimoRefusal,
  nameOf,
  type Problem,
  problemFrom,
  sessionOf,
  type SharedStore,
  subjectOf,
} from "@lakesail/notebook-ui";

import type { Surface } from "../surface";
import type { MarimoFiles } from "./files";
import type { MarimoOffer } from "./offer";
import { openTab } from "./page_tab";

/** A person who clicks twice within this time means one page. */
const DOUBLE_CLICK = 1000;

type Start = Extract<Act, { act: "startMarimo" }>;

export interface MarimoOptions {
  readonly app: JupyterFrontEnd;
  readonly page: Surface;
  readonly store: SharedStore;
  readonly files: MarimoFiles;
  readonly offer: MarimoOffer;
}

export class MarimoNotebooks {
  private isMaking = false;
  private madeAt = -DOUBLE_CLICK;
  private opened = { sessionId: "", at: -DOUBLE_CLICK };

  constructor(private readonly options: MarimoOptions) {}

  /** @param act its path may be of a drive of JupyterLab. */
  async start(act: Start): Promise<void> {
    const { files, page } = this.options;
    const path = files.onServer(act.path);
    if (path === null) {
      await this.refuse(page.t("marimoOtherDrive", { path: act.path }));
    } else if (await this.isGiven()) {
      await this.serve({ ...act, path });
    }
  }

  /** Makes a file, unless one is being made, or was for the first of two clicks. */
  async create(folder: string, config?: string): Promise<void> {
    const now = performance.now();
    if (this.isMaking || now - this.madeAt < DOUBLE_CLICK) {
      return;
    }
    this.isMaking = true;
    this.madeAt = now;
    try {
      await this.make(folder, config);
    } finally {
      this.isMaking = false;
    }
  }

  private async make(folder: string, config: string | undefined): Promise<void> {
    const { files, page } = this.options;
    if (files.onServer(folder) === null) {
      await this.refuse(page.t("marimoOtherDrive", { path: folder }));
    } else if (await this.isGiven()) {
      try {
        await this.serveNew(await files.create(folder), config);
      } catch (error) {
        await showErrorMessage(page.t("newMarimo"), error as Error);
      }
    }
  }

  open(sessionId: string, name?: string): void {
    const { app, page } = this.options;
    const now = performance.now();
    const isSecondClick = sessionId === this.opened.sessionId && now - this.opened.at < DOUBLE_CLICK;
    this.opened = { sessionId, at: now };
    if (isSecondClick) {
      return;
    }
    const session = sessionOf(page.source.snapshot, sessionId);
    const url = app.serviceManager.serverSettings.baseUrl + marimoPage(sessionId);
    openTab(page.t, url, name ?? (session ? nameOf(session) : sessionId));
  }

  /** A session that marimo serves was relaunched: the page is that of the new one. */
  openRelaunched(sessionId: string): void {
    const { snapshot } = this.options.page.source;
    const state = snapshot.acts[subjectOf({ act: "relaunch", sessionId })];
    const made = state?.phase === "done" && state.made ? sessionOf(snapshot, state.made) : null;
    if (made?.marimo) {
      this.open(made.id);
    }
  }

  /** A file that the server refuses to serve goes again. */
  private async serveNew(file: string, config: string | undefined): Promise<void> {
    const { files } = this.options;
    const path = files.onServer(file) ?? file;
    const problem = await this.ask({
      act: "startMarimo",
      path,
      mode: "edit",
      ...(config === undefined ? {} : { config }),
    });
    if (problem && problem.status !== null) {
      await files.remove(file);
    }
    if (problem) {
      await this.refuse(sentences(problem));
    }
  }

  private async serve(act: Start): Promise<void> {
    const problem = await this.ask(act);
    if (problem) {
      await this.refuse(sentences(problem));
    }
  }

  /** @returns why it is not served; `null`: its page opens. */
  private async ask(act: Start): Promise<Problem | null> {
    const { page, store } = this.options;
    const { defaultConfig } = page.settings.values;
    const config = act.config ?? (defaultConfig || undefined);
    const asked: Start = { ...act, ...(config === undefined ? {} : { config }) };
    const subject = subjectOf(asked);
    await store.perform(asked);
    const state = page.source.snapshot.acts[subject];
    if (state?.phase === "done" && state.made) {
      this.open(state.made, act.path.split("/").at(-1));
    } else if (state?.phase === "failed") {
      void store.perform({ act: "dismiss", subject });
      return state.problem;
    }
    return null;
  }

  private async isGiven(): Promise<boolean> {
    const { offer, page } = this.options;
    let refusal: string | null;
    try {
      refusal = marimoRefusal(page.t, await offer.now());
    } catch (error) {
      refusal = problemFrom(error).message;
    }
    if (refusal !== null) {
      await this.refuse(refusal);
    }
    return refusal === null;
  }

  private async refuse(why: string): Promise<void> {
    await showErrorMessage(this.options.page.t("marimoNotStarted"), why);
  }
}

/** What the server says, with what it says of single fields. */
function sentences({ message, errors }: Problem): string {
  const fields = errors.map((field) => field.message).filter((field) => !message.includes(field));
  return [message, ...fields].join("\n");
}
