/** What a store needs of the page that it is in. Tests hand in their own. */

import { API_PATH } from "../api/client";

export interface Clock {
  /** Milliseconds since 1970, by this machine's clock. */
  now(): number;
  /** @returns how to give it up. */
  after(milliseconds: number, run: () => void): () => void;
}

/** Whether anybody can see the page. */
export interface Visibility {
  readonly hidden: boolean;
  /** @returns how to stop. */
  onChange(listener: () => void): () => void;
}

export interface SocketListener {
  opened(): void;
  told(text: string): void;
  /** Also when it never opened. A browser does not tell why. */
  closed(code: number): void;
}

/** Opens the stream of events.

    @param query begins with `?`, or is empty.
    @returns how to close it; the listener is not told then. */
export type OpenSocket = (query: string, listener: SocketListener) => () => void;

export const pageClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

export const pageVisibility: Visibility = {
  get hidden() {
    return document.hidden;
  },
  onChange(listener) {
    document.addEventListener("visibilitychange", listener);
    return () => document.removeEventListener("visibilitychange", listener);
  },
};

/** @param base the base URL of the Jupyter server for WebSockets, with its slash and its escapes.
    @param token for a page that has no cookie. */
export function socketOpener(
  base: string,
  token: string | null = null,
  Kind: typeof WebSocket = WebSocket,
): OpenSocket {
  return (query, listener) => {
    const more = token ? `${query ? "&" : "?"}token=${encodeURIComponent(token)}` : "";
    const socket = new Kind(`${base}${API_PATH}/events/ws${query}${more}`);
    let listening = true;
    socket.onopen = () => listening && listener.opened();
    socket.onmessage = (message) => listening && listener.told(String(message.data));
    socket.onclose = (close) => listening && listener.closed(close.code);
    return () => {
      listening = false;
      socket.close();
    };
  };
}

/** The base URL for WebSockets of a base URL for requests. */
export function socketBase(base: string, page: string = location.href): string {
  return new URL(base, page).href.replace(/^http/, "ws");
}
