/** Dialogs for input: the browser's own, since Lab's takes Enter and Tab away from fields inside a shadow root. They
    look like Lab's. */

export interface Modal {
  readonly node: HTMLDialogElement;
  close(): void;
}

/** @param closed is called once, whatever closes it. */
export function openModal(label: string, content: HTMLElement, className: string, closed: () => void): Modal {
  const dialog = document.createElement("dialog");
  dialog.className = `jp-ThemedContainer lsn-Modal ${className}`;
  dialog.setAttribute("aria-label", label);
  // Shortcuts would work on the notebook behind it.
  dialog.dataset["lmSuppressShortcuts"] = "true";
  dialog.append(content);
  const opener = document.activeElement;
  dialog.addEventListener("close", () => {
    dialog.remove();
    closed();
    if (opener instanceof HTMLElement && opener.isConnected) {
      opener.focus();
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  return { node: dialog, close: () => dialog.close() };
}
