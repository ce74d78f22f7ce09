/** Every word that people read, in one catalogue. `{name}` is replaced; `\u00a0` keeps a number and its unit together. */

export const catalogue = {
  connect: "Connect",
  choose: "Choose…",
  close: "Close",
  cancel: "Cancel",
  moreActions: "More actions",
} as const satisfies Record<string, string>;

export type Key = keyof typeof catalogue;

/** Says the text of a key, in the language of the host. */
export type Translate = (key: Key, values?: Readonly<Record<string, string | number>>) => string;

/** A translator from a function that translates one English text; JupyterLab's `trans.__` is one. */
export function translator(translateText: (text: string) => string): Translate {
  return (key, values = {}) => filled(translateText(catalogue[key]), values);
}

export const english: Translate = translator((text) => text);

function filled(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}
