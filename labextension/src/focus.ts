/** Where the focus is, and giving it back. */

/** What has the focus, also within shadow roots; `null`: nothing but the page. */
export function focusedElement(): HTMLElement | null {
  let found = document.activeElement;
  while (found?.shadowRoot?.activeElement) {
    found = found.shadowRoot.activeElement;
  }
  return found instanceof HTMLElement && found !== document.body ? found : null;
}

/** Focuses the button of one of JupyterLab's toolbar widgets. */
export function focusButtonIn(node: HTMLElement): void {
  node.querySelector<HTMLElement>("jp-button, button")?.focus();
}
