/** The version of the elements: it stands in their tags, since a server's and a kernel's package may differ. */

export const VERSION = "0.1.0";

/** The tags, for `document.createElement` and `customElements.define`. */
export const tagNames = {
  panel: "sail-panel-0-1-0",
  here: "sail-here-0-1-0",
  picker: "sail-picker-0-1-0",
  sessions: "sail-sessions-0-1-0",
  sessionTable: "sail-session-table-0-1-0",
  configs: "sail-configs-0-1-0",
  session: "sail-session-0-1-0",
  configForm: "sail-config-form-0-1-0",
  queries: "sail-queries-0-1-0",
  log: "sail-log-0-1-0",
  button: "sail-button-0-1-0",
} as const;

/** Defines an element unless another bundle of this page has defined the same version of it. */
export function define(name: keyof typeof tagNames, element: CustomElementConstructor): void {
  if (!customElements.get(tagNames[name])) {
    customElements.define(tagNames[name], element);
  }
}
