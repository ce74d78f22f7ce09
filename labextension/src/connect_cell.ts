/** Connects a notebook by a cell of it: the kernel binds `spark`, and whoever reads the notebook sees how. */

import { NotebookActions, type NotebookPanel } from "@jupyterlab/notebook";
import type { ISessionContextDialogs } from "@jupyterlab/apputils";
import type { KernelMessage } from "@jupyterlab/services";
import type { CodeCell } from "@jupyterlab/cells";
import { attaches, type CellText, type ConnectChoice, connectLine, connects, planOf } from "@lakesail/notebook-ui";

import type { NotebookWatch } from "./notebook_watch";

export interface Connecting {
  readonly watch: NotebookWatch;
  readonly choice: ConnectChoice;
  /** A person picked it, as opposed to Connect with what the notebook remembers. */
  readonly picked: boolean;
  /** Run the line without a cell. */
  readonly hidden: boolean;
  readonly dialogs: ISessionContextDialogs | null;
}

/** What the kernel raised. */
export class KernelRaised extends Error {
  constructor(
    /** The exception's class, such as `ResourceExhausted`. */
    readonly errorClass: string,
    message: string,
  ) {
    super(message);
  }
}

/** @throws KernelRaised when connecting fails. */
export async function connectNotebook(connecting: Connecting): Promise<void> {
  const { watch, choice } = connecting;
  if (choice.config && choice.remember !== false) {
    watch.remember(choice.config);
  }
  watch.begin();
  try {
    await (connecting.hidden ? runHidden(connecting) : runCell(connecting));
  } finally {
    watch.end();
  }
}

/** Puts a connect cell into the notebook without running it, below the active cell. */
export function insertConnectCell(panel: NotebookPanel, choice: ConnectChoice): void {
  const { content } = panel;
  const index = content.widgets.length ? content.activeCellIndex + 1 : 0;
  insertCell(panel, index, connectLine(choice));
  content.deselectAll();
  content.activeCellIndex = index;
}

/** Whether the notebook's connect cell names a session, which a relaunch replaces. */
export function attachesIn(panel: NotebookPanel): boolean {
  return textsOf(panel).some((cell) => connects(cell) && attaches(cell));
}

function textsOf(panel: NotebookPanel): CellText[] {
  return panel.content.widgets.map(({ model }) => ({ type: model.type, source: model.sharedModel.getSource() }));
}

/** Puts a cell below the active one, and runs it. */
export async function runBelow(panel: NotebookPanel, source: string): Promise<void> {
  const { content } = panel;
  const index = content.widgets.length ? content.activeCellIndex + 1 : 0;
  insertCell(panel, index, source);
  const cell = content.widgets[index];
  if (cell) {
    await NotebookActions.runCells(content, [cell], panel.sessionContext);
  }
}

async function runCell({ watch, choice, picked, dialogs }: Connecting): Promise<void> {
  const { panel } = watch;
  const { content } = panel;
  const plan = planOf(textsOf(panel), choice, picked);
  if (plan.plan === "insert") {
    insertCell(panel, plan.index, plan.source);
  } else if (plan.source !== null) {
    content.widgets[plan.index]?.model.sharedModel.setSource(plan.source);
  }
  const cell = content.widgets[plan.index] as CodeCell | undefined;
  if (!cell) {
    return;
  }
  const stop = watchForStart(watch, cell.model.sharedModel.getSource());
  const { mode } = content;
  const running = NotebookActions.runCells(content, [cell], panel.sessionContext, dialogs ?? undefined);
  // Running ends the edit mode of the active cell; the person goes on typing there.
  content.mode = mode;
  const succeeded = await running.finally(stop);
  const raised = succeeded || watch.isTakenBack ? null : raisedIn(cell);
  if (raised) {
    throw raised;
  }
}

function insertCell(panel: NotebookPanel, index: number, source: string): void {
  panel.content.model?.sharedModel.insertCell(index, {
    cell_type: "code",
    source,
    metadata: { trusted: true },
  });
}

/** As JupyterLab does for a cell, it starts a kernel where there is none. */
async function runHidden({ watch, choice, dialogs }: Connecting): Promise<void> {
  const { sessionContext } = watch.panel;
  if (sessionContext.hasNoKernel && (await sessionContext.startKernel())) {
    await dialogs?.selectKernel(sessionContext);
  }
  const code = connectLine(choice);
  const future = sessionContext.session?.kernel?.requestExecute({ code, silent: true, store_history: false });
  if (!future) {
    return;
  }
  // Of a silent execution the kernel tells its status alone.
  future.onIOPub = ({ content }) => {
    if ("execution_state" in content && content.execution_state === "busy") {
      watch.begun();
    }
  };
  // It fails when the kernel restarts.
  const stop = watchForStart(watch, null);
  const done = future.done.finally(stop);
  const content = await done.then(
    (reply) => reply.content,
    () => null,
  );
  if (content?.status === "error" && !watch.isTakenBack) {
    throw new KernelRaised(content.ename, content.evalue);
  }
}

/** A busy kernel runs our cell later: the card says `Waiting for the kernel` until then.
    @param source our cell's; `null`: it is silent, so that the kernel tells the start of others' cells alone. */
function watchForStart(watch: NotebookWatch, source: string | null): () => void {
  const { iopubMessage } = watch.panel.sessionContext;
  const onMessage = (_: unknown, message: KernelMessage.IMessage): void => {
    const content = message.content as { readonly code?: unknown };
    if (message.header.msg_type !== "execute_input") {
      return;
    }
    if (content.code === source) {
      watch.begun();
    } else {
      watch.isBehind();
    }
  };
  iopubMessage.connect(onMessage);
  return () => iopubMessage.disconnect(onMessage);
}

/** `null`: the cell did not run, since the kernel restarted or a cell before it failed. */
function raisedIn(cell: CodeCell): KernelRaised | null {
  const outputs = cell.model.sharedModel.getOutputs();
  const error = outputs.findLast((output) => output.output_type === "error");
  const { ename, evalue } = (error ?? {}) as { readonly ename?: string; readonly evalue?: string };
  return ename === undefined ? null : new KernelRaised(ename, evalue ?? "");
}
