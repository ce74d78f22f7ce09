/** Rows of lists as nodes of the page: `data-id`, `data-kind`, and what takes the focus. */

/** The id of the row that an event happened in. */
export function rowId(event: Event): string | null {
  const inside = event.composedPath().find((node) => node instanceof HTMLElement && node.dataset.id);
  return inside instanceof HTMLElement ? (inside.dataset.id ?? null) : null;
}

/** What of a row takes its focus. */
export function stopOf(row: HTMLElement): HTMLElement {
  return row.querySelector<HTMLElement>("[data-stop]") ?? row;
}

export function controlsOf(row: HTMLElement): Element[] {
  return [...row.querySelectorAll("button, input, a")];
}

/** The list is one stop of the Tab key: its arrows reach the controls of a row. A question is no row. */
export function leaveOneStop(row: HTMLElement): void {
  if (row.dataset.kind === "row") {
    for (const control of controlsOf(row)) {
      control.setAttribute("tabindex", "-1");
    }
  }
}

/** Without scrolling: the list scrolls by its own rules. */
export function focusOn(element: HTMLElement | null): void {
  element?.focus({ preventScroll: true });
}

/** Whether an event happened on a control inside a row, which does something of its own. */
export function isOnControl(event: Event): boolean {
  return event.composedPath().some((node) => node instanceof Element && node.matches("button, input, a"));
}
