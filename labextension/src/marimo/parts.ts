/** The parts of marimo in a page, put together. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { IFileBrowserFactory } from "@jupyterlab/filebrowser";
import { makeClient, readMe, type SharedStore } from "@lakesail/notebook-ui";

import { labRequester } from "../requester";
import type { Surface } from "../surface";
import { MarimoFiles } from "./files";
import { MarimoNotebooks } from "./notebooks";
import { MarimoOffer } from "./offer";

export interface MarimoParts {
  readonly files: MarimoFiles;
  readonly notebooks: MarimoNotebooks;
  readonly offer: MarimoOffer;
}

export function makeMarimo(
  app: JupyterFrontEnd,
  page: Surface,
  store: SharedStore,
  browsers: IFileBrowserFactory | null,
): MarimoParts {
  const requester = labRequester(app.serviceManager.serverSettings);
  const call = makeClient({ requester, serverNow: () => Date.now() + page.source.snapshot.skewMs });
  const offer = new MarimoOffer(page.source, async () => readMe(await call("GET", "/me")));
  const files = new MarimoFiles(app, browsers);
  return { files, offer, notebooks: new MarimoNotebooks({ app, page, store, files, offer }) };
}
