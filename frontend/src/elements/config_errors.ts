/** What the server refused of a config: each sentence by its field, and a summary that leads to the fields. */

import { html, type TemplateResult } from "lit";

import * as icons from "../icons";
import { fieldOf, type FormValues } from "../model/config_form";
import type { Problem } from "../model/types";
import type { Key, Translate } from "../strings";
import type { FieldContext } from "./config_fields";
import { bdi, notice } from "./templates";

export type Section = "libraries" | "environment" | "more";

const LABELS: Readonly<Record<string, Key>> = {
  name: "nameField",
  teamId: "teamField",
  clusterId: "clusterField",
  mode: "modeField",
  driver: "driverField",
  worker: "workersField",
  maxNodes: "maxNodesField",
  capacity: "capacityField",
  driverDisk: "driverDisk",
  workerDisk: "workerDisk",
  image: "imageField",
  sessions: "sessionsField",
  libraries: "libraries",
  variables: "environment",
};

/** The section that a field stands in, where it may be folded. */
export function sectionOf(name: string): Section | null {
  if (name.startsWith("libraries")) {
    return "libraries";
  }
  if (name.startsWith("variables")) {
    return "environment";
  }
  return ["driverDisk", "workerDisk", "image", "sessions"].includes(name) ? "more" : null;
}

/** By the field's name; the first sentence of each. */
export function fieldErrors(problem: Problem | null, values: FormValues | null): ReadonlyMap<string, string> {
  const errors = new Map<string, string>();
  for (const { pointer, message } of problem?.errors ?? []) {
    const name = values && fieldOf(pointer, values);
    if (name && !errors.has(name)) {
      errors.set(name, message);
    }
  }
  return errors;
}

export function errorSummary(
  { t, values, errors }: FieldContext,
  problem: Problem,
  isNew: boolean,
  go: (name: string) => void,
): TemplateResult {
  const names = [...errors.keys()];
  const rest = problem.errors.filter(({ pointer }) => fieldOf(pointer, values) === null);
  const links = names.map((name, index) => {
    const click = (event: Event): void => {
      event.preventDefault();
      go(name);
    };
    return html`${index ? ", " : " "}<a href="#${name}" @click=${click}>${bdi(labelOf(t, name, values))}</a>`;
  });
  const others = names.length ? rest.map(({ message }) => html` ${bdi(message)}`) : html` ${bdi(problem.message)}`;
  return notice({
    kind: "bad",
    shape: icons.failed,
    text: html`<b>${titleOf(t, names.length, isNew)}</b>${links}${others}`,
    role: "alert",
    title: problem.requestId ? t("request", { id: problem.requestId }) : "",
  });
}

function titleOf(t: Translate, count: number, isNew: boolean): string {
  if (count === 0) {
    return t(isNew ? "notCreated" : "notSaved");
  }
  return count === 1
    ? t(isNew ? "notCreatedOne" : "notSavedOne")
    : t(isNew ? "notCreatedMany" : "notSavedMany", { count });
}

function labelOf(t: Translate, name: string, values: FormValues): string {
  const [list, number] = name.split("-");
  const at = Number(number);
  if (list === "variables" && number) {
    return values.variables[at]?.name || t("variableName", { number: at + 1 });
  }
  if (list === "libraries" && number) {
    return values.libraries[at]?.text.split("\n")[0] || t("libraryText", { number: at + 1 });
  }
  const key = LABELS[name];
  return key ? t(name === "driver" && values.mode === "standalone" ? "sizeField" : key) : name;
}
