/** Reads fields of JSON that may lack them or hold something else: what has the wrong type counts as `null`. */

type Json = Readonly<Record<string, unknown>>;

/** @typeParam Wire the schema that names the fields. */
export class Fields<Wire = Json> {
  private readonly json: Json;

  constructor(json: unknown) {
    this.json = typeof json === "object" && json !== null && !Array.isArray(json) ? (json as Json) : {};
  }

  text(name: keyof Wire & string): string | null {
    const value = this.json[name];
    return typeof value === "string" ? value : null;
  }

  number(name: keyof Wire & string): number | null {
    const value = this.json[name];
    return typeof value === "number" && Number.isFinite(value) ? value : null;
  }

  flag(name: keyof Wire & string): boolean | null {
    const value = this.json[name];
    return typeof value === "boolean" ? value : null;
  }

  /** A moment, in milliseconds since 1970. */
  time(name: keyof Wire & string): number | null {
    const moment = Date.parse(this.text(name) ?? "");
    return Number.isNaN(moment) ? null : moment;
  }

  /** One of a set of words. */
  word<Word extends string>(name: keyof Wire & string, words: readonly Word[]): Word | null {
    return words.find((word) => word === this.json[name]) ?? null;
  }

  /** The fields of an inner object; none of it is there when this is not an object. */
  inner<Name extends keyof Wire & string>(name: Name): Fields<NonNullable<Wire[Name]>> {
    return new Fields(this.json[name]);
  }

  list(name: keyof Wire & string): readonly unknown[] {
    const value = this.json[name];
    return Array.isArray(value) ? value : [];
  }

  texts(name: keyof Wire & string): readonly string[] {
    return this.list(name).filter((item) => typeof item === "string");
  }

  objects(name: keyof Wire & string): readonly Json[] {
    return this.list(name).filter((item): item is Json => typeof item === "object" && item !== null);
  }

  object(name: keyof Wire & string): Json | null {
    const value = this.json[name];
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
  }

  /** An object whose values are texts; others are left out. */
  dictionary(name: keyof Wire & string): Readonly<Record<string, string>> {
    const found = Object.entries(this.object(name) ?? {});
    return Object.fromEntries(found.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  }
}

/** What `read` makes of each item; an item of which it makes nothing is left out. */
export function readAll<T>(items: readonly unknown[], read: (item: unknown) => T | null): T[] {
  return items.map(read).filter((item) => item !== null);
}
