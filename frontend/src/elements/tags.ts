/** The names of the elements in templates. */

import { literal } from "lit/static-html.js";

/** As in `version.ts`, for templates of `lit/static-html.js`: `html`<${tags.here} .source=${...}></${tags.here}>``. */
export const tags = {
  panel: literal`sail-panel-0-1-0`,
  here: literal`sail-here-0-1-0`,
  picker: literal`sail-picker-0-1-0`,
  sessions: literal`sail-sessions-0-1-0`,
  sessionTable: literal`sail-session-table-0-1-0`,
  configs: literal`sail-configs-0-1-0`,
  session: literal`sail-session-0-1-0`,
  configForm: literal`sail-config-form-0-1-0`,
  queries: literal`sail-queries-0-1-0`,
  log: literal`sail-log-0-1-0`,
  button: literal`sail-button-0-1-0`,
} as const;
