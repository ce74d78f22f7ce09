/** The elements that come when they are first shown. With the page comes only the toolbar's button. */

import { type Source, tagNames } from "@lakesail/notebook-ui";

type Load = () => Promise<unknown>;

const cards: Load = () => import("@lakesail/notebook-ui/cards");
const lists: Load = () => import("@lakesail/notebook-ui/lists");
const wide: Load = () => import("@lakesail/notebook-ui/wide");
const form: Load = () => import("@lakesail/notebook-ui/form");

const LATE: ReadonlyMap<string, Load> = new Map([
  [tagNames.here, cards],
  [tagNames.panel, cards],
  [tagNames.picker, cards],
  [tagNames.sessions, lists],
  [tagNames.configs, lists],
  [tagNames.session, wide],
  [tagNames.sessionTable, wide],
  [tagNames.configForm, form],
]);

/** Has an element defined. A script that did not come is asked for again by the next call.

    @returns whether it is one of ours; the tags of another version are not.
    @throws when its script does not come from the server. */
export async function elementReady(tagName: string): Promise<boolean> {
  await LATE.get(tagName)?.();
  return customElements.get(tagName) !== undefined;
}

/** Whether the server answers, so that a script that does not come may be one of before an update of the server. */
export function isAnswered({ snapshot }: Source): boolean {
  return snapshot.link === "live";
}

/** Loads the cards when the page has time: a card says that the server does not answer, so it must be there before. */
export function loadCardsWhenIdle(): void {
  // Safari has no such call.
  const idle = globalThis.requestIdleCallback ?? ((run: () => void) => setTimeout(run, 1000));
  idle(() => void cards().catch(() => undefined));
}
