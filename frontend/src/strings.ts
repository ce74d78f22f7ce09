/** Every word that people read, in one catalogue. `{name}` is replaced; `\u00a0` keeps a number and its unit together.

    Each surface has a file in `strings/`. */

import { apiStrings } from "./strings/api";
import { commonStrings } from "./strings/common";
import { filled, type Values } from "./strings/filled";
import { formStrings } from "./strings/form";
import { hereStrings } from "./strings/here";
import { labStrings } from "./strings/lab";
import { listStrings } from "./strings/lists";
import { marimoStrings } from "./strings/marimo";
import { queryStrings } from "./strings/queries";
import { panelStrings } from "./strings/panel";
import { pickerStrings } from "./strings/picker";
import { sessionStrings } from "./strings/session";
import { stateStrings } from "./strings/states";
import { teamStrings } from "./strings/teams";
import { timeStrings } from "./strings/time";
import { widgetStrings } from "./strings/widget";

export const catalogue = {
  ...apiStrings,
  ...commonStrings,
  ...formStrings,
  ...hereStrings,
  ...labStrings,
  ...listStrings,
  ...marimoStrings,
  ...queryStrings,
  ...panelStrings,
  ...pickerStrings,
  ...sessionStrings,
  ...stateStrings,
  ...teamStrings,
  ...timeStrings,
  ...widgetStrings,
} as const satisfies Record<string, string>;

export type Key = keyof typeof catalogue;

export type { Values };

/** Says the text of a key, in the language of the host. */
export type Translate = (key: Key, values?: Values) => string;

/** A text that is not put together yet: templates mark the values apart, text joins them. */
export interface Sentence {
  readonly key: Key;
  readonly values?: Values;
}

/** A translator from a function that translates one English text; JupyterLab's `trans.__` is one. */
export function translator(translateText: (text: string) => string): Translate {
  return (key, values = {}) => filled(translateText(catalogue[key]), values);
}

export const english: Translate = translator((text) => text);
