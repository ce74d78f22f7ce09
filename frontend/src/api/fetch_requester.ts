/** Requests of a plain page, by `fetch`. JupyterLab's pages have their own requester. */

import { API_PATH, type Requester } from "./client";

export interface Credentials {
  /** The value of the cookie `_xsrf`, read anew for each request. */
  readonly xsrf?: () => string | null;
  /** The Jupyter server's token, for a page that has no cookie. */
  readonly token?: string | null;
}

/** @param base the base URL of the Jupyter server, with its slash and its escapes, such as `/user/x%40y/`. */
export function fetchRequester(base: string, credentials: Credentials = {}, send: typeof fetch = fetch): Requester {
  return async (verb, path, body, signal) => {
    const headers: Record<string, string> = {};
    const xsrf = verb === "GET" ? null : (credentials.xsrf ?? cookieOf)();
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
    }
    if (xsrf) {
      headers["X-XSRFToken"] = xsrf;
    }
    if (credentials.token) {
      headers.Authorization = `token ${credentials.token}`;
    }
    const response = await send(base + API_PATH + path, {
      method: verb,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal,
    });
    return { status: response.status, headers: response.headers, json: await jsonOf(response) };
  };
}

/** The JSON of an answer's body; `undefined` when the body is no JSON. */
export async function jsonOf(response: Pick<Response, "text">): Promise<unknown> {
  try {
    return JSON.parse(await response.text()) as unknown;
  } catch {
    return undefined;
  }
}

/** Of several cookies for different paths, the server takes the last. */
function cookieOf(): string | null {
  return [...document.cookie.matchAll(/(?:^|; *)_xsrf=([^;]*)/g)].at(-1)?.[1] ?? null;
}
