/** Files that marimo can serve, and new ones. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import { PathExt } from "@jupyterlab/coreutils";
import { DocumentWidget } from "@jupyterlab/docregistry";
import type { IFileBrowserFactory } from "@jupyterlab/filebrowser";
import type { Contents } from "@jupyterlab/services";
import { NEW_MARIMO } from "@lakesail/notebook-ui";

const SUFFIX = ".py";
/** The drive of documents that several people edit; its files are those of the server. */
const SHARED_DRIVE = "RTC";

export class MarimoFiles {
  private readonly contents: Contents.IManager;

  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly browsers: IFileBrowserFactory | null,
  ) {
    this.contents = app.serviceManager.contents;
  }

  /** The path on the Jupyter server; `null`: it is of another drive. */
  onServer(path: string): string | null {
    const drive = this.contents.driveName(path);
    return drive === "" || drive === SHARED_DRIVE ? this.contents.localPath(path) : null;
  }

  /** The one file that is selected in the file browser. */
  get selected(): string | null {
    const chosen = [...(this.browsers?.tracker.currentWidget?.selectedItems() ?? [])];
    const [item] = chosen;
    return chosen.length === 1 && item && item.type !== "directory" && isPython(item.path) ? item.path : null;
  }

  /** The file of the document in front, else the selected one. */
  get current(): string | null {
    const { document } = this;
    return document !== null && isPython(document) ? document : this.selected;
  }

  /** Where the file browser is; on a page without one, such as a notebook's of Notebook 7, the document's folder. */
  get folder(): string {
    const browser = this.browsers?.tracker.currentWidget;
    return browser ? browser.model.path : PathExt.dirname(this.document ?? "");
  }

  /** The path of the document in front. */
  private get document(): string | null {
    const { currentWidget } = this.app.shell;
    return currentWidget instanceof DocumentWidget ? currentWidget.context.path : null;
  }

  /** Makes a file of a name that none has.

      @returns its path. */
  async create(folder: string): Promise<string> {
    const { path } = await this.contents.newUntitled({ path: folder, type: "file", ext: SUFFIX });
    try {
      await this.contents.save(path, { type: "file", format: "text", content: NEW_MARIMO });
    } catch (error) {
      await this.remove(path);
      throw error;
    }
    return path;
  }

  /** Of a file that was just made and that nothing needs. */
  async remove(path: string): Promise<void> {
    await this.contents.delete(path).catch(() => undefined);
  }
}

function isPython(path: string): boolean {
  return path.endsWith(SUFFIX);
}
