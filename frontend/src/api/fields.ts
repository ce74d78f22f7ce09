/** Reads fields of JSON that may lack them or hold something else: what has the wrong type counts as `null`. */

type Json = Readonly<Record<string, unknown>>;
type Names<Wire> = keyof Wire & string;

/** @typeParam Wire the schema that names the fields. */
export class Fields<Wire = Json> {
  private readonly json: Json;

  constructor(json: unknown) {
    this.json = isObject(json) ? json : {};
  }

  text(name: Names<Wire>): string | null {
    const value = this.json[name];
    return typeof value === "string" ? value : null;
  }

  number(name: Names<Wire>): number | null {
    const value = this.json[name];
    return Number.isFinite(value) ? (value as number) : null;
  }

  flag(name: Names<Wire>): boolean | null {
    const value = this.json[name];
    return typeof value === "boolean" ? value : null;
  }

  /** A moment, in milliseconds since 1970. */
  time(name: Names<Wire>): number | null {
    return Date.parse(this.text(name) ?? "") || null;
  }

  texts<Name extends Names<Wire>>(...names: Name[]): Record<Name, string | null> {
    return each(names, (name) => this.text(name));
  }

  numbers<Name extends Names<Wire>>(...names: Name[]): Record<Name, number | null> {
    return each(names, (name) => this.number(name));
  }

  times<Name extends Names<Wire>>(...names: Name[]): Record<Name, number | null> {
    return each(names, (name) => this.time(name));
  }

  /** One of a set of words. */
  word<Word extends string>(name: Names<Wire>, words: readonly Word[]): Word | null {
    return words.find((word) => word === this.json[name]) ?? null;
  }

  object(name: Names<Wire>): Json | null {
    const value = this.json[name];
    return isObject(value) ? value : null;
  }

  /** The fields of an inner object; none of it is there when this is not an object. */
  inner<Name extends Names<Wire>>(name: Name): Fields<NonNullable<Wire[Name]>> {
    return new Fields(this.json[name]);
  }

  list(name: Names<Wire>): readonly unknown[] {
    const value = this.json[name];
    return Array.isArray(value) ? value : [];
  }

  strings(name: Names<Wire>): readonly string[] {
    return this.list(name).filter((item) => typeof item === "string");
  }

  /** An object whose values are texts; others are left out. */
  dictionary(name: Names<Wire>): Readonly<Record<string, string>> {
    const found = Object.entries(this.object(name) ?? {});
    return Object.fromEntries(found.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What `read` makes of each item; an item of which it makes nothing is left out. */
export function readAll<T>(items: readonly unknown[], read: (item: unknown) => T | null): T[] {
  return items.map(read).filter((item) => item !== null);
}

function each<Name extends string, T>(names: readonly Name[], read: (name: Name) => T): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, read(name)])) as Record<Name, T>;
}
