/** Copies text by the browser alone, where no host does it. */

/** What is used of a browser's page. */
export interface CopyingPage {
  /** Absent on pages that are not secure. */
  readonly clipboard?: { writeText(text: string): Promise<void> } | undefined;
  /** Has the next copy command take this text in place of the selection. */
  copySelected(text: string): void;
}

export async function copyText(text: string, page: CopyingPage = browser): Promise<void> {
  try {
    if (page.clipboard) {
      await page.clipboard.writeText(text);
      return;
    }
  } catch {
    // The page may not use it, as in a frame without the permission.
  }
  page.copySelected(text);
}

const browser: CopyingPage = {
  get clipboard() {
    return navigator.clipboard as Clipboard | undefined;
  },
  copySelected(text) {
    const put = (event: ClipboardEvent): void => {
      event.clipboardData?.setData("text/plain", text);
      event.preventDefault();
    };
    document.addEventListener("copy", put, { once: true });
    document.execCommand("copy");
    document.removeEventListener("copy", put);
  },
};
