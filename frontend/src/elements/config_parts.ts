/** The parts of the config form: whose it is, what it runs as, its sizes, and what most leave alone. */

import { html, nothing, type TemplateResult } from "lit";

import type { FormValues, unusedFields } from "../model/config_form";
import { memoryText, priceText, vcpuText } from "../model/sizes";
import type { Cluster, Config, InstanceType, Me } from "../model/types";
import type { Key, Translate } from "../strings";
import { choose, diskField, errorLine, field, input, type FieldContext, type Option } from "./config_fields";

export interface FormContext extends FieldContext {
  readonly me: Me;
  /** The config that is changed; `null` for a new one. */
  readonly config: Config | null;
  readonly cluster: Cluster | undefined;
  readonly hidden: ReturnType<typeof unusedFields>;
  readonly types: readonly InstanceType[];
}

/** Team and cluster, where there is a choice; later they are text. */
export function ownerFields(context: FormContext): unknown {
  const { me, values } = context;
  const teams = me.singleUser ? [] : me.organizationAdmin ? me.teamIds : me.adminOf;
  const clusters = me.clusters.map(({ id }) => id);
  return [
    teams.length ? fixedLater(context, "teamId", "teamField", values.teamId, teams) : nothing,
    clusters.length > 1 ? fixedLater(context, "clusterId", "clusterField", values.clusterId, clusters) : nothing,
  ];
}

function fixedLater(
  context: FormContext,
  name: "teamId" | "clusterId",
  label: Key,
  value: string,
  all: readonly string[],
): TemplateResult {
  const { t, config, set } = context;
  if (config) {
    return html`<div class="field">
      <span class="label">${t(label)}</span>
      <div>${t("cannotChange", { value })}</div>
    </div>`;
  }
  const options = [...new Set([...all, value])].map((id): Option => [id, id]);
  return field(
    context,
    name,
    t(label),
    choose(context, name, value, options, (id) => set({ [name]: id })),
  );
}

export function modeField({ t, values, set, cluster, errors }: FormContext): unknown {
  const { mode } = values;
  const offered = cluster?.executionModes ?? [];
  if (offered.length === 1 && offered[0] === mode) {
    return nothing;
  }
  const radio = (value: FormValues["mode"], label: Key, hint: Key): TemplateResult =>
    html`<label class="radio"
      ><input
        type="radio"
        name="mode"
        id=${value === mode ? "mode" : nothing}
        .checked=${value === mode}
        @change=${() => set({ mode: value })}
      /><span>${t(label)}</span><span></span><span class="hint">${t(hint)}</span></label
    >`;
  return html`<div class="field" role="radiogroup" aria-labelledby="mode-label">
    <span class="label" id="mode-label">${t("modeField")}</span>
    <div class="two">
      ${radio("standalone", "oneEngine", "oneEngineHint")}${radio("cluster", "cluster", "clusterHint")}
    </div>
    ${errorLine("mode", errors.get("mode"))}
  </div>`;
}

export function sizeFields(context: FormContext): TemplateResult {
  const { t, values, set, hidden } = context;
  const { mode, driver, worker, maxNodes, capacity } = values;
  if (mode === "standalone") {
    return typeField(context, "driver", "sizeField", driver, "wholeMachine");
  }
  const capacities: Option[] = [
    ["", t("capacityAny")],
    ["on-demand", t("capacityOnDemand")],
    ["spot", t("capacitySpot")],
  ];
  const most = input(context, "maxNodes", maxNodes, (text) => set({ maxNodes: text }), { type: "number" });
  const priced = choose(context, "capacity", capacity, capacities, (value) => set({ capacity: value }));
  return html`<div class="two">
      ${typeField(context, "driver", "driverField", driver, "wholeMachine")}
      ${typeField(context, "worker", "workersField", worker, "likeDriver")}
    </div>
    <div class="two">
      ${field(context, "maxNodes", t("maxNodesField"), most)}
      ${hidden.capacity ? nothing : field(context, "capacity", t("capacityField"), priced)}
    </div>`;
}

function typeField(
  context: FormContext,
  name: "driver" | "worker",
  label: Key,
  value: string,
  none: Key,
): TemplateResult {
  const { t, types, set } = context;
  const known = types.find((one) => one.name === value.trim());
  const options = { list: "types", placeholder: t(none) };
  const control = input(context, name, value, (text) => set({ [name]: text }), options);
  return field(context, name, t(label), control, known ? typeText(t, known) : nothing);
}

/** Disks, image, limits. */
export function moreFields(context: FormContext): unknown {
  const { t, hidden, values, set } = context;
  const { mode, image, sessions } = values;
  const isCluster = mode === "cluster";
  const count = input(context, "sessions", sessions, (text) => set({ sessions: text }), { type: "number" });
  return [
    hidden.disks ? nothing : diskField(context, "driverDisk", t(isCluster ? "driverDisk" : "engineDisk")),
    hidden.disks || !isCluster ? nothing : diskField(context, "workerDisk", t("workerDisk")),
    hidden.image
      ? nothing
      : field(
          context,
          "image",
          t("imageField"),
          input(context, "image", image, (text) => set({ image: text })),
        ),
    field(context, "sessions", t("sessionsField"), count, t("sessionsHint")),
  ];
}

/** `8 vCPU, 32 GiB, $0.32/h`. */
export function typeText(t: Translate, { size, price }: InstanceType): string {
  const values = { vcpus: vcpuText(t, size.vcpus), memory: memoryText(t, size.memoryBytes) };
  return price ? t("typeSizePrice", { ...values, price: priceText(t, price) }) : t("typeSize", values);
}
