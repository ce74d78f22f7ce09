/** Puts values into a text. A script that says few of the texts uses it on those, without the catalogue. */

export type Values = Readonly<Record<string, string | number>>;

export function filled(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}
