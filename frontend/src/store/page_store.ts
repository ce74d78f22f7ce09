/** A page's store, put together: the source, and who does the acts. */

import type { Requester } from "../api/client";
import { ACT_EVENT, type Act } from "../model/acts";
import { type Host, makeActs } from "./acts";
import { makePageSource } from "./page_source";
import type { SharedStore } from "./shared";
import { type Clock, type OpenSocket, pageClock, pageVisibility, type Visibility } from "./surroundings";

export interface PageStoreOptions {
  readonly requester: Requester;
  readonly openSocket: OpenSocket;
  readonly host: Host;
  readonly elements?: NonNullable<SharedStore["elements"]>;
  readonly clock?: Clock;
  readonly visibility?: Visibility;
}

/** A store to offer to the page with `offerStore`. */
export function makePageStore(options: PageStoreOptions): SharedStore {
  const { clock = pageClock, visibility = pageVisibility } = options;
  const source = makePageSource({ ...options, clock, visibility });
  const perform = makeActs({ ...options, source, clock });
  return { version: 1, source, perform, ...(options.elements ? { elements: options.elements } : {}) };
}

/** Has a store do what the elements within `target` ask for. An act that it takes goes no further up.

    @param takes says which acts are the store's; all of them by default.
    @returns how to stop. */
export function performActsOf(
  target: EventTarget,
  store: SharedStore,
  takes: (act: Act) => boolean = () => true,
): () => void {
  const listener = (event: Event): void => {
    const act = (event as CustomEvent<Act>).detail;
    if (takes(act)) {
      event.stopPropagation();
      void store.perform(act);
    }
  };
  target.addEventListener(ACT_EVENT, listener);
  return () => target.removeEventListener(ACT_EVENT, listener);
}
