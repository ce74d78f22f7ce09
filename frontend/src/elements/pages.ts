/** Loads the next page of a long list while the reader nears its end, or a filter needs the rest. */

import type { Loaded, Topic } from "../model/snapshot";

export class Pages {
  private asked = "";

  constructor(private readonly watchOnly: (topics: readonly Topic[]) => void) {}

  /** Watches these topics, and the next page of `list` where it has one and that is wanted. */
  watch(topics: readonly Topic[], of: "sessions" | "ended", list: Loaded<unknown> | null, wanted: boolean): void {
    const have = list?.items?.length ?? 0;
    const missing = list?.items != null && list.total !== null && have < list.total;
    const ask = missing && wanted ? `${of} ${have}` : "";
    if (ask !== this.asked) {
      this.asked = ask;
      // A page that came ends the watch for it; the next one is asked for anew.
      this.watchOnly(topics);
    }
    this.watchOnly(ask ? [...topics, { topic: "more", of }] : topics);
  }
}
