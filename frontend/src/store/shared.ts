/** One store for a page, though two bundles with modules of their own may be in it: JupyterLab's extension makes it, and
    the panels in cells find it. What passes between them is plain, and belongs to version 1 for good: fields may be
    added, none may change. */

import type { Act } from "../model/acts";
import type { Source } from "./source";

export interface SharedStore {
  readonly version: 1;
  readonly source: Source;
  /** Does an act; how it goes stands in the snapshot. */
  perform(act: Act): Promise<void>;
  /** Has an element defined, by its tag.

      @returns whether this page has it; the tags of another version are not known. */
  elements?(tagName: string): Promise<boolean>;
}

const KEY = Symbol.for("lakesail.store.v1");
const OFFERED = "lakesail-store-v1";

type Page = { [KEY]?: SharedStore } & Partial<Pick<EventTarget, "addEventListener" | "removeEventListener">> & {
    dispatchEvent?: (event: Event) => boolean;
  };

/** The page's store; the first offer stays.

    @param make is called when there is none. */
export function offerStore(make: () => SharedStore, page: object = globalThis): SharedStore {
  const here = page as Page;
  const found = here[KEY];
  if (found) {
    return found;
  }
  const made = (here[KEY] = make());
  here.dispatchEvent?.(new Event(OFFERED));
  return made;
}

/** The page's store, where somebody has offered one. */
export function sharedStore(page: object = globalThis): SharedStore | null {
  return (page as Page)[KEY] ?? null;
}

/** Calls `found` once with the page's store: at once, or when it is offered.

    @returns how to stop waiting. */
export function whenShared(found: (store: SharedStore) => void, page: object = globalThis): () => void {
  const here = page as Page;
  const known = here[KEY];
  if (known) {
    found(known);
    return () => undefined;
  }
  const listener = (): void => {
    stop();
    const store = here[KEY];
    if (store) {
      found(store);
    }
  };
  const stop = (): void => here.removeEventListener?.(OFFERED, listener);
  here.addEventListener?.(OFFERED, listener);
  return stop;
}
