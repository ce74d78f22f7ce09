/** The store of this page, and who does what its parts ask for: the API by way of the store, or JupyterLab. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ISessionContextDialogs } from "@jupyterlab/apputils";
import type { IFileBrowserFactory } from "@jupyterlab/filebrowser";
import {
  type Act,
  makePageStore,
  offerStore,
  type SharedStore,
  type Source,
  type Translate,
} from "@lakesail/notebook-ui";

import { Asking } from "./asking";
import { Connector } from "./connector";
import { elementReady } from "./elements";
import { DefaultingSource } from "./default_config";
import { LabActs } from "./lab_acts";
import { makeMarimo, type MarimoParts } from "./marimo/parts";
import type { OpenNotebooks } from "./notebooks";
import { labRequester, labSocketOpener } from "./requester";
import type { Settings } from "./settings";
import type { Surface, Where } from "./surface";

export interface PageOptions {
  readonly app: JupyterFrontEnd;
  readonly notebooks: OpenNotebooks;
  readonly settings: Settings;
  readonly t: Translate;
  readonly dialogs: ISessionContextDialogs | null;
  readonly browsers: IFileBrowserFactory | null;
}

export class Page implements Surface {
  readonly source: Source;
  readonly t: Translate;
  readonly notebooks: OpenNotebooks;
  readonly settings: Settings;
  readonly connector: Connector;
  readonly marimo: MarimoParts;
  private readonly store: SharedStore;
  private readonly asking: Asking;
  private readonly labActs: LabActs;

  constructor(options: PageOptions) {
    const { app, notebooks, settings, t, dialogs } = options;
    this.t = t;
    this.notebooks = notebooks;
    this.settings = settings;
    const server = app.serviceManager.serverSettings;
    this.store = offerStore(() =>
      makePageStore({
        requester: labRequester(server),
        openSocket: labSocketOpener(server),
        host: { perform: (act) => this.asHost(act) },
        elements: elementReady,
      }),
    );
    this.source = new DefaultingSource(this.store.source, settings);
    this.connector = new Connector({ app, page: this, store: this.store, dialogs });
    this.asking = new Asking(this.source, t);
    this.marimo = makeMarimo(app, this, this.store, options.browsers);
    this.labActs = new LabActs(app, this, this.marimo.notebooks);
  }

  async perform(act: Act, where: Where = {}): Promise<void> {
    const answered = await this.asking.confirmed(act);
    if (!answered) {
      return;
    }
    if (answered.act === "connect") {
      await this.connector.connect(answered, where);
    } else if (answered.act === "relaunch") {
      await this.connector.relaunch(answered);
      this.marimo.notebooks.openRelaunched(answered.sessionId);
    } else if (answered.act === "startMarimo") {
      await this.marimo.notebooks.start(answered);
    } else if (answered.act === "cancel") {
      this.connector.takeBack(where);
    } else if (!(await this.labActs.perform(answered, where))) {
      await this.store.perform(answered);
    }
  }

  /** What the store hands back: acts that somebody else asked the store for, and those whose state it keeps. */
  private async asHost(act: Act): Promise<void> {
    if (act.act === "connect") {
      await this.connector.connectOrThrow(act, {});
    } else if (act.act === "setDefault") {
      const config = this.source.snapshot.configs.items?.find(({ id }) => id === act.configId);
      await this.settings.setDefaultConfig(config?.name ?? "");
    } else {
      await this.labActs.perform(act, {});
    }
  }

  /** While a notebook is open the page is in step with the server, for these too; else only while a part shows. */
  whileOpen(listeners: readonly { look(): void }[]): void {
    let stop: (() => void) | null = null;
    const look = (): void => listeners.forEach((listener) => listener.look());
    const update = (): void => {
      if (this.notebooks.all.length) {
        stop ??= this.source.subscribe(look);
      } else {
        stop?.();
        stop = null;
      }
    };
    this.notebooks.changed.connect(update);
    this.notebooks.opened.connect(update);
    update();
  }
}
