/** Connects notebooks, and connects them again after a relaunch. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ISessionContextDialogs } from "@jupyterlab/apputils";
import { NotebookPanel } from "@jupyterlab/notebook";
import {
  type Act,
  type ConnectChoice,
  isOver,
  type Notebook,
  ownLive,
  type Session,
  sessionOf,
  sessionOfNotebook,
  type SharedStore,
  type Snapshot,
} from "@lakesail/notebook-ui";

import { attachesIn, connectNotebook } from "./connect_cell";
import { refusalOf } from "./kernel_refusal";
import type { NotebookWatch } from "./notebook_watch";
import type { Surface, Where } from "./surface";

type Connect = Extract<Act, { act: "connect" }>;
type Relaunch = Extract<Act, { act: "relaunch" }>;

export interface ConnectorOptions {
  readonly app: JupyterFrontEnd;
  readonly page: Surface;
  readonly store: SharedStore;
  readonly dialogs: ISessionContextDialogs | null;
}

export class Connector {
  private readonly refusals = new WeakMap<Act, unknown>();
  /** Of which notebook the last refusal is. */
  private refusedIn: NotebookWatch | null = null;

  constructor(private readonly options: ConnectorOptions) {
    const { notebooks } = options.page;
    notebooks.changed.connect(() => {
      if (this.refusedIn && notebooks.current !== this.refusedIn) {
        this.forgetRefusal();
      }
    });
  }

  /** A refusal stands in the snapshot afterwards, as that of the act `connect`. */
  async connect(act: Connect, where: Where): Promise<void> {
    this.forgetRefusal();
    try {
      await this.connectOrThrow(act, where);
    } catch (error) {
      this.refusedIn = this.watchOf(where);
      await this.fail(act, error);
    }
  }

  async connectOrThrow(act: Connect, where: Where): Promise<void> {
    if (this.refusals.has(act)) {
      throw this.refusals.get(act);
    }
    const watch = where.newNotebook ? await this.newNotebook() : this.watchOf(where);
    if (watch && watch.connecting === "no") {
      await this.run(watch, act.choice, where.picked ?? act.choice.sessionId !== undefined);
    }
  }

  /** The connect cell waits in the kernel's queue, and is not wanted any more. */
  takeBack(where: Where): void {
    this.watchOf(where)?.takeBack();
  }

  /** Relaunches by the API, then connects the notebook to the new session, so that `spark` is bound to it. */
  async relaunch(act: Relaunch): Promise<void> {
    const { page, store } = this.options;
    const { snapshot } = page.source;
    const old = sessionOf(snapshot, act.sessionId);
    const watch = old && page.notebooks.all.find(({ state }) => isOf(snapshot, old, state));
    const before = new Set(ownLive(snapshot).map(({ id }) => id));
    await store.perform(act);
    const done = page.source.snapshot.acts[`session:${act.sessionId}`]?.phase === "done";
    const made = ownLive(page.source.snapshot).find(({ id }) => !before.has(id));
    if (done && watch && made && watch.state.kernel.id !== null) {
      const attached = attachesIn(watch.panel);
      await this.connect(
        { act: "connect", choice: { sessionId: made.id } },
        { notebookPanel: watch.panel, picked: attached },
      );
    }
  }

  async newNotebook(cwd?: string): Promise<NotebookWatch | null> {
    const { app, page } = this.options;
    const specs = app.serviceManager.kernelspecs.specs;
    const isPython = (name: string | undefined): boolean => specs?.kernelspecs[name ?? ""]?.language === "python";
    const kernelName = isPython(specs?.default) ? specs?.default : Object.keys(specs?.kernelspecs ?? {}).find(isPython);
    const made: unknown = await app.commands.execute("notebook:create-new", { cwd: cwd ?? "", kernelName });
    if (!(made instanceof NotebookPanel) || made.isDisposed) {
      return null;
    }
    const gone = new Promise((resolve) => made.disposed.connect(resolve));
    await Promise.race([gone, Promise.all([made.context.ready, made.sessionContext.ready, made.revealed])]);
    // Notebook 7 opens it in a page of its own.
    return made.isDisposed ? null : page.notebooks.of(made);
  }

  private async run(watch: NotebookWatch, choice: ConnectChoice, picked: boolean): Promise<void> {
    const { page, dialogs } = this.options;
    const hidden = page.settings.values.connectCell === "hidden";
    try {
      await connectNotebook({ watch, choice, picked, hidden, dialogs });
    } catch (error) {
      throw refusalOf(error);
    }
  }

  private watchOf({ notebookPanel }: Where): NotebookWatch | null {
    const { notebooks } = this.options.page;
    if (notebookPanel?.isDisposed) {
      return null;
    }
    return notebookPanel ? notebooks.of(notebookPanel) : notebooks.current;
  }

  /** The store keeps the state of acts; it asks its host, which throws what the kernel said. */
  private async fail(act: Connect, refusal: unknown): Promise<void> {
    const failed = { ...act };
    this.refusals.set(failed, refusal);
    await this.options.store.perform(failed);
  }

  private forgetRefusal(): void {
    this.refusedIn = null;
    void this.options.store.perform({ act: "dismiss", subject: "connect" });
  }
}

/** Whether a notebook used the session last. */
function isOf(snapshot: Snapshot, session: Session, notebook: Notebook): boolean {
  const now = sessionOfNotebook(snapshot, notebook);
  const nothingElse = now === null || isOver(now);
  return now?.id === session.id || (nothingElse && session.contentsPath === notebook.path);
}
