/** One open notebook: its path, its kernel, what it remembers, and whether it is about to connect. */

import type { ISessionContext } from "@jupyterlab/apputils";
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { KernelMessage } from "@jupyterlab/services";
import type { Kernel, Notebook } from "@lakesail/notebook-ui";
import type { IDisposable } from "@lumino/disposable";
import { Signal } from "@lumino/signaling";

import { KernelProbe } from "./kernel_probe";

/** The key of our part of a notebook's metadata: names that others can read, never ids. */
const METADATA = "lakesail";

export class NotebookWatch implements IDisposable {
  readonly changed = new Signal<this, void>(this);
  isDisposed = false;
  private readonly probe = new KernelProbe();
  private takenBack = false;
  private cellHasBegun = false;
  /** The request whose code the kernel runs; `null`: it runs none. */
  private executing: string | null = null;
  private connectingNow: Notebook["connecting"] = "no";
  private last: Notebook;

  constructor(readonly panel: NotebookPanel) {
    this.last = this.look();
    const { context, sessionContext } = panel;
    context.pathChanged.connect(this.update, this);
    sessionContext.kernelChanged.connect(this.onKernelChanged, this);
    sessionContext.statusChanged.connect(this.onStatus, this);
    sessionContext.iopubMessage.connect(this.onMessage, this);
    sessionContext.connectionStatusChanged.connect(this.onConnection, this);
    sessionContext.sessionChanged.connect(this.update, this);
    panel.disposed.connect(this.dispose, this);
    void context.ready.then(() => {
      if (!this.isDisposed) {
        context.model.metadataChanged.connect(this.update, this);
        this.update();
      }
    });
    void sessionContext.ready.then(() => this.onStatus());
  }

  get state(): Notebook {
    return this.last;
  }

  get connecting(): Notebook["connecting"] {
    return this.connectingNow;
  }

  /** Whether what connects was taken back, and has not come to its end. */
  get isTakenBack(): boolean {
    return this.takenBack;
  }

  /** Connecting begins, or what was taken back and still waits is wanted again. */
  begin(): void {
    this.takenBack = false;
    this.cellHasBegun = false;
    this.become(this.last.kernel.state === "busy" ? "waiting" : "connecting");
  }

  end(): void {
    this.takenBack = false;
    this.become("no");
  }

  /** The connect cell that waited for the kernel is not wanted any more. A queue gives nothing back, so the kernel is
      interrupted when it comes to the cell. */
  takeBack(): void {
    if (this.connectingNow === "waiting") {
      this.takenBack = true;
      this.become("no");
    }
  }

  /** The kernel has come to another cell. It was at rest when connecting began, but that cell was sent before ours. */
  isBehind(): void {
    if (this.connectingNow === "connecting" && !this.cellHasBegun) {
      this.become("waiting");
    }
  }

  /** The kernel has come to the connect cell. */
  begun(): void {
    this.cellHasBegun = true;
    if (this.takenBack) {
      void this.panel.sessionContext.session?.kernel?.interrupt();
    } else if (this.connectingNow === "waiting") {
      this.become("connecting");
    }
  }

  remember(config: string): void {
    const known = ours(this.panel.context.model.getMetadata(METADATA));
    if (known["config"] !== config) {
      this.panel.context.model.setMetadata(METADATA, { ...known, config });
    }
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.isDisposed = true;
      Signal.clearData(this);
    }
  }

  private become(connecting: Notebook["connecting"]): void {
    this.connectingNow = connecting;
    this.update();
  }

  /** JupyterLab's status of a kernel is what the kernel said last: `idle` after a request of the debugger, though a
      cell runs beside it. */
  private onMessage(_: unknown, { header, parent_header: parent, content }: KernelMessage.IMessage): void {
    const request = "msg_id" in parent ? parent.msg_id : null;
    const isIdle = header.msg_type === "status" && "execution_state" in content && content.execution_state === "idle";
    if (header.msg_type === "execute_input") {
      this.executing = request;
    } else if (isIdle && request === this.executing) {
      this.executing = null;
    } else {
      return;
    }
    this.update();
  }

  /** While the kernel is out of reach, the end of what it runs may be missed. */
  private onConnection(): void {
    if (this.panel.sessionContext.session?.kernel?.connectionStatus !== "connected") {
      this.executing = null;
    }
    this.update();
  }

  private onKernelChanged(): void {
    this.probe.forget();
    this.executing = null;
    this.onStatus();
  }

  private onStatus(): void {
    if (this.isDisposed) {
      return;
    }
    const kernel = this.panel.sessionContext.session?.kernel;
    if (kernel?.status === "restarting" || kernel?.status === "autorestarting") {
      this.probe.forget();
      this.executing = null;
    }
    this.update();
    if (kernel?.status === "idle") {
      void this.probe.ask(kernel).then((changed) => changed && this.update());
    }
  }

  private update(): void {
    const now = this.isDisposed ? this.last : this.look();
    if (JSON.stringify(now) !== JSON.stringify(this.last)) {
      this.last = now;
      this.changed.emit();
    }
  }

  private look(): Notebook {
    const { context, sessionContext } = this.panel;
    const remembered = context.isReady ? ours(context.model.getMetadata(METADATA))["config"] : null;
    return {
      path: context.path,
      name: context.path.replace(/^.*\//, "").replace(/\.ipynb$/, ""),
      kernel: {
        id: sessionContext.session?.kernel?.id ?? null,
        name: sessionContext.kernelDisplayName,
        state: kernelState(sessionContext, this.executing !== null),
        fit: this.probe.fit,
        tempViews: null,
      },
      remembered: typeof remembered === "string" && remembered ? remembered : null,
      connecting: this.connectingNow,
    };
  }
}

function ours(metadata: unknown): Readonly<Record<string, string>> {
  return metadata !== null && typeof metadata === "object" ? (metadata as Record<string, string>) : {};
}

function kernelState(context: ISessionContext, executes: boolean): Kernel["state"] {
  const kernel = context.session?.kernel;
  if (!kernel) {
    return context.isReady ? "none" : "starting";
  }
  if (kernel.status === "dead" || kernel.status === "terminating") {
    return "gone";
  }
  if (kernel.status === "idle" || kernel.status === "busy") {
    return executes ? "busy" : kernel.status;
  }
  return "starting";
}
