/** A compute config to read: what it is, and nothing to press but Connect. */

import { html, nothing, type TemplateResult } from "lit";

import * as icons from "../icons";
import type { Act } from "../model/acts";
import { unusedFields } from "../model/config_form";
import { priceText, sizeText } from "../model/sizes";
import type { Snapshot } from "../model/snapshot";
import { date, duration, fullTime } from "../model/times";
import type { Config, InstanceType } from "../model/types";
import type { Translate } from "../strings";
import { typeText } from "./config_parts";
import { bdi, button, notice } from "./templates";

export function configSheet(
  t: Translate,
  snapshot: Snapshot,
  config: Config,
  types: readonly InstanceType[],
  ask: (act: Act) => void,
): TemplateResult {
  const cluster = snapshot.me?.clusters.find(({ id }) => id === config.clusterId);
  const hidden = unusedFields(cluster);
  const fields = [hidden.disks && t("disks"), hidden.image && t("image"), hidden.capacity && t("capacity")];
  const unused = fields.filter(Boolean).join(", ");
  const team = snapshot.me?.singleUser === false && config.teamId !== null;
  const choice = { config: config.name };
  return html`<section aria-label=${config.name}>
    <div class="name">
      ${icons.icon(icons.size, "i")}<b class="clip grow" title=${config.name}>${bdi(config.name)}</b>
      ${team ? html`<span class="tag line">${t("teamTag", { team: config.teamId ?? "" })}</span>` : nothing}
    </div>
    <dl>
      ${rowsOf(t, snapshot, config, types).map(
        ([name, value, className]) =>
          html`<dt>${name}</dt>
            <dd class=${className ?? nothing}>${value}</dd>`,
      )}
    </dl>
    ${unused ? notice({ kind: "info", text: t("notUsed", { fields: unused }) }) : nothing}
    <div class="foot">
      ${button(t("insertCell"), () => ask({ act: "insert", choice }), { shape: icons.insert })}
      ${button(t("connect"), () => ask({ act: "connect", choice }), { kind: "primary" })}
    </div>
  </section>`;
}

type Row = readonly [name: string, value: unknown, className?: string];

function rowsOf(t: Translate, snapshot: Snapshot, config: Config, types: readonly InstanceType[]): Row[] {
  const { size, price, driver, worker, libraries, extraEnv, image, updatedAt } = config;
  const isCluster = config.mode === "cluster";
  const typed = (name: string | null | undefined): string | null => {
    const type = types.find((one) => one.name === name);
    return name ? (type ? `${name}: ${typeText(t, type)}` : name) : null;
  };
  const cost = price && priceText(t, price);
  const all: (Row | null)[] = [
    [t("modeField"), modeText(t, config)],
    optional(t(isCluster ? "driverField" : "sizeField"), typed(driver?.instanceType) ?? (size && sizeText(t, size))),
    isCluster ? optional(t("workersField"), typed(worker?.instanceType)) : null,
    optional(t("costs"), cost && isCluster ? t("perHourAtMost", { price: cost }) : cost),
    optional(t("startsIn"), startText(t, snapshot, config)),
    optional(t("imageField"), image && bdi(image), "mono"),
    optional(t("libraries"), libraries.length ? bdi(libraries.map(libraryText).join(", ")) : null, "mono"),
    optional(t("variables"), Object.keys(extraEnv).length ? bdi(Object.keys(extraEnv).join(", ")) : null, "mono"),
    updatedAt ? [t("changed"), html`<span title=${fullTime(updatedAt)}>${date(updatedAt, 0)}</span>`] : null,
  ];
  return all.filter((row) => row !== null);
}

function optional(name: string, value: unknown, className?: string): Row | null {
  return value ? [name, value, className] : null;
}

function modeText(t: Translate, { mode, worker }: Config): string {
  const most = worker?.maxNodes;
  const text = mode === "standalone" ? t("runsOne") : most ? t("runsClusterMost", { count: most }) : t("runsCluster");
  return mode === "cluster" && worker?.capacityType === "spot" ? t("runsSpot", { mode: text }) : text;
}

function startText(t: Translate, { estimates }: Snapshot, config: Config): string | null {
  const told = Object.values(estimates)
    .flatMap(({ items }) => items ?? [])
    .find(({ configId }) => configId === config.id);
  if (told?.warm) {
    return t("startsWarm");
  }
  return told?.medianSeconds ? t("startsAbout", { time: duration(t, told.medianSeconds) }) : null;
}

function libraryText(library: Readonly<Record<string, unknown>>): string {
  const { pypi, requirements, whl } = library as {
    pypi?: { package?: string };
    requirements?: { source?: string; uri?: string };
    whl?: string;
  };
  return pypi?.package ?? requirements?.uri ?? requirements?.source ?? whl ?? "";
}
