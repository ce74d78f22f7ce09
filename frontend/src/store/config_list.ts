/** The compute configs that the caller may use, read page by page. */

import { readConfigs } from "../api/reading";
import type { Config } from "../model/types";
import { makeReadings } from "./readings";

const MOST_PAGES = 20;

export interface ConfigList {
  /** `null`: not read yet. */
  items(): readonly Config[] | null;
  reload(): Promise<void>;
  change(run: (configs: readonly Config[]) => readonly Config[]): void;
}

/** @param fetchPage answers the API's JSON of the page that a marker names. */
export function makeConfigList(fetchPage: (marker: string | null) => Promise<unknown>): ConfigList {
  const readings = makeReadings();
  let items: readonly Config[] | null = null;

  const readAll = async (): Promise<Config[]> => {
    const found: Config[] = [];
    let marker: string | null = null;
    for (let pages = 0; pages === 0 || (marker !== null && pages < MOST_PAGES); pages++) {
      const page = readConfigs(await fetchPage(marker));
      found.push(...page.configs);
      marker = page.marker;
    }
    return found;
  };

  return {
    items: () => items,
    async reload() {
      await readings.anew(readAll, (found) => {
        items = found;
      });
    },
    change: (run) =>
      readings.change(() => {
        items = items && run(items);
      }),
  };
}
