/** What a list says of compute configs. */

import type { Sentence, Translate } from "../strings";
import { priceText, sizeText } from "./sizes";
import type { Config } from "./types";

/** The default first, then by name. */
export function orderedConfigs(configs: readonly Config[], defaultConfig: string | null): Config[] {
  const rank = ({ name }: Config): number => (name === defaultConfig ? 0 : 1);
  return [...configs].sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name));
}

/** What a person is asked before a config is deleted. */
export function deleteQuestion({ name }: Config, live: number): Sentence {
  switch (live) {
    case 0:
      return { key: "deleteUnused", values: { name } };
    case 1:
      return { key: "deleteOne", values: { name } };
    default:
      return { key: "deleteMany", values: { name, count: live } };
  }
}

/** `64 vCPU · 256 GiB`, `$2.87/h`, `spot`: what is not told is left out. */
export function configFacts(t: Translate, { size, price, mode, worker }: Config): string[] {
  const isSpot = mode === "cluster" && worker?.capacityType?.toLowerCase() === "spot";
  return [size ? sizeText(t, size) : "", price ? priceText(t, price) : "", isSpot ? t("spot") : ""].filter(Boolean);
}

export function configLine(t: Translate, config: Config): string {
  return configFacts(t, config).join(" · ");
}
