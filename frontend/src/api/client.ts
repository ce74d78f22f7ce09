/** Calls of the API. Paths, parameters and bodies are checked against its OpenAPI document; answers are read by
    `reading.ts`, since a server of another version may lack fields or have more. */

import type { Problem } from "../model/types";
import type { paths } from "./generated";
import { problemOf, silence } from "./problems";

export type Verb = "GET" | "POST" | "PATCH" | "DELETE";

export interface Answer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  /** `undefined`: the body is no JSON. */
  readonly json: unknown;
}

/** Sends one request.

    @param path below the API's root, with its escapes and its query.
    @throws when no answer comes. */
export type Requester = (verb: Verb, path: string, body?: unknown, signal?: AbortSignal) => Promise<Answer>;

/** The API's root, below the base URL of the Jupyter server. */
export const API_PATH = "lakesail/api/v1";

export const SESSIONS = "/workloads/sessions";
export const SESSION = "/workloads/sessions/{session}";
export const CONFIGS = "/workloads/compute-configs";
export const CONFIG = "/workloads/compute-configs/{workloadConfig}";

/** What a call that fails throws. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

/** Any error as a problem. */
export function problemFrom(error: unknown): Problem {
  return error instanceof Refused ? error.problem : silence(null);
}

type Lower<V extends Verb> = Lowercase<V>;
type Operation<P extends keyof paths, V extends Verb> = paths[P][Lower<V> & keyof paths[P]];
type PathOf<V extends Verb> = {
  [P in keyof paths]: Operation<P, V> extends { responses: unknown } ? P : never;
}[keyof paths];
type Parameters<P extends keyof paths, V extends Verb> =
  Operation<P, V> extends { parameters: infer Found } ? Found : never;
/** What is absent or `null` is not sent. */
type Loosely<Query> = { readonly [Name in keyof Query]?: Query[Name] | null };
type At<Found, Where extends string> = Found extends { [K in Where]?: infer Inner } ? NonNullable<Inner> : never;

export interface CallOptions<P extends keyof paths, V extends Verb> {
  readonly path?: At<Parameters<P, V>, "path">;
  readonly query?: Loosely<At<Parameters<P, V>, "query">>;
  readonly body?: unknown;
}

/** Sends a call of the API.

    @returns the answer's JSON.
    @throws Refused */
export type Call = <V extends Verb, P extends PathOf<V>>(
  verb: V,
  template: P,
  options?: CallOptions<P, V>,
) => Promise<unknown>;

export interface ClientOptions {
  readonly requester: Requester;
  /** The time by the server's clock. */
  serverNow(): number;
  /** A request is sent.

      @returns what is told of its answer, with the answer's `Date`, unless it is a failure: that may be a proxy's. */
  sent?(): (date: number | null) => void;
  signal?(): AbortSignal;
}

export function makeClient({ requester, serverNow, sent, signal }: ClientOptions): Call {
  return async (verb, template, options = {}) => {
    const path = filled(template, (options.path ?? {}) as Values) + queryOf((options.query ?? {}) as Values);
    const heard = sent?.();
    let answer: Answer;
    try {
      answer = await requester(verb, path, options.body, signal?.());
    } catch {
      throw new Refused(silence(null));
    }
    if (answer.status >= 400 || (answer.status !== 204 && answer.json === undefined)) {
      throw new Refused(problemOf(answer, serverNow()));
    }
    heard?.(Date.parse(answer.headers.get("Date") ?? "") || null);
    return answer.json;
  };
}

type Values = Readonly<Record<string, string | number | null | undefined>>;

function filled(template: string, values: Values): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name])));
}

function queryOf(values: Values): string {
  const given = Object.entries(values).filter(([, value]) => value !== null && value !== undefined);
  return given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : "";
}
