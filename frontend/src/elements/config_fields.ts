/** The fields of the config form. */

import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";

import * as icons from "../icons";
import { MASKED, type DiskValue, type FormValues, type LibraryKind } from "../model/config_form";
import type { Translate } from "../strings";
import { bdi, button, iconButton } from "./templates";

export interface FieldContext {
  readonly t: Translate;
  readonly values: FormValues;
  /** What the server said of a field. */
  readonly errors: ReadonlyMap<string, string>;
  /** @param focus the name of the field that then has the focus. */
  readonly set: (changes: Partial<FormValues>, focus?: string) => void;
}

export type Option = readonly [value: string, label: string];

const KINDS = {
  pypi: "fromPypi",
  index: "fromIndex",
  requirements: "fromRequirements",
  file: "fromFile",
  wheel: "fromWheel",
} as const;

/** A label, a control with the field's name as its id, and what is wrong with it. */
export function field(
  { errors }: FieldContext,
  name: string,
  label: string,
  control: unknown,
  hint: unknown = nothing,
): TemplateResult {
  const error = errors.get(name);
  return html`<div class="field ${error ? "invalid" : ""}">
    <label for=${name}>${label}</label>${control}${errorLine(name, error)}${
      hint === nothing || error ? nothing : html`<div class="hint">${hint}</div>`
    }
  </div>`;
}

export function errorLine(name: string, error: string | undefined): TemplateResult | typeof nothing {
  return error
    ? html`<div class="err" id="${name}-error">${icons.icon(icons.failed)}<span>${bdi(error)}</span></div>`
    : nothing;
}

export interface InputOptions {
  readonly type?: "text" | "number";
  readonly list?: string;
  readonly placeholder?: string;
  readonly label?: string;
  readonly required?: boolean;
}

export function input(
  { errors }: FieldContext,
  name: string,
  value: string,
  set: (value: string) => void,
  options: InputOptions = {},
): TemplateResult {
  const { type = "text", list, placeholder, label, required = false } = options;
  const onInput = (event: Event): void => set((event.currentTarget as HTMLInputElement).value);
  return html`<input
    id=${name}
    type=${type}
    .value=${live(value)}
    list=${list ?? nothing}
    min=${type === "number" ? 1 : nothing}
    placeholder=${placeholder || nothing}
    aria-label=${label ?? nothing}
    aria-required=${required ? "true" : nothing}
    aria-invalid=${errors.has(name) ? "true" : nothing}
    aria-describedby=${errors.has(name) ? `${name}-error` : nothing}
    autocomplete="off"
    spellcheck="false"
    @input=${onInput}
  />`;
}

export function choose(
  { errors }: FieldContext,
  name: string,
  value: string,
  options: readonly Option[],
  set: (value: string) => void,
  label?: string,
): TemplateResult {
  const onChange = (event: Event): void => set((event.currentTarget as HTMLSelectElement).value);
  return html`<select
    id=${name}
    aria-label=${label ?? nothing}
    aria-invalid=${errors.has(name) ? "true" : nothing}
    aria-describedby=${errors.has(name) ? `${name}-error` : nothing}
    @change=${onChange}
  >
    ${options.map(([one, text]) => html`<option value=${one} ?selected=${one === value}>${text}</option>`)}
  </select>`;
}

/** A group of rows of which one may have any number. */
export function librariesField(context: FieldContext): TemplateResult {
  const { t, values, errors, set } = context;
  const { libraries } = values;
  const change = (at: number, changes: Partial<(typeof libraries)[number]>): void =>
    set({ libraries: libraries.map((one, index) => (index === at ? { ...one, ...changes } : one)) });
  const rows = libraries.map((library, at) => {
    const [name, number] = [`libraries-${at}`, at + 1];
    const kinds = Object.entries(KINDS).map(([kind, key]): Option => [kind, t(key)]);
    const onKind = (kind: string): void => change(at, { kind: kind as LibraryKind });
    const remove = (): void => set({ libraries: without(libraries, at) }, "libraries");
    const label = t("libraryText", { number });
    return html`<div class="kv ${errors.has(name) ? "invalid" : ""}">
        ${choose(context, `${name}-kind`, library.kind, kinds, onKind, t("librarySource", { number }))}
        ${
          library.kind === "requirements"
            ? lines(context, name, library.text, label, (text) => change(at, { text }))
            : input(context, name, library.text, (text) => change(at, { text }), { label })
        }
        ${iconButton(icons.cross, t("libraryRemove", { number }), remove)}
        ${
          library.kind === "index"
            ? html`<span></span>${input(context, `${name}-repo`, library.repo, (repo) => change(at, { repo }), {
                  label: t("libraryIndex", { number }),
                  placeholder: t("indexHint"),
                })}`
            : nothing
        }
      </div>
      ${inField(errorLine(name, errors.get(name)))}`;
  });
  const add = (): void =>
    set({ libraries: [...libraries, { kind: "pypi", text: "", repo: "" }] }, `libraries-${libraries.length}`);
  return group(t("libraries"), "libraries", errors, [
    ...rows,
    html`<div>${button(t("library"), add, { shape: icons.add })}</div>`,
  ]);
}

export function variablesField(context: FieldContext): TemplateResult {
  const { t, values, errors, set } = context;
  const { variables } = values;
  const change = (at: number, changes: Partial<(typeof variables)[number]>): void =>
    set({ variables: variables.map((one, index) => (index === at ? { ...one, ...changes } : one)) });
  const rows = variables.map(({ name: variable, value }, at) => {
    const [name, number] = [`variables-${at}`, at + 1];
    const remove = (): void => set({ variables: without(variables, at) }, "variables");
    return html`<div class="kv ${errors.has(name) ? "invalid" : ""}">
        ${input(context, name, variable, (text) => change(at, { name: text }), {
          label: t("variableName", { number }),
        })}
        <span class="whole" title=${value === MASKED ? t("valueKept") : nothing}
          >${input(context, `${name}-value`, value, (text) => change(at, { value: text }), {
            label: t("variableValue", { number }),
          })}</span
        >
        ${iconButton(icons.cross, t("variableRemove", { number }), remove)}
      </div>
      ${inField(errorLine(name, errors.get(name)))}`;
  });
  const add = (): void => set({ variables: [...variables, { name: "", value: "" }] }, `variables-${variables.length}`);
  return group(t("environment"), "variables", errors, [
    ...rows,
    html`<div>${button(t("variable"), add, { shape: icons.add })}</div>`,
  ]);
}

export function diskField(context: FieldContext, name: "driverDisk" | "workerDisk", label: string): TemplateResult {
  const { t, values, errors, set } = context;
  const disk = values[name];
  const change = (changes: Partial<DiskValue>): void => set({ [name]: { ...disk, ...changes } });
  const part = (key: "volumeType" | "volumeSize" | "iops" | "throughput", text: string): TemplateResult => {
    const id = key === "volumeType" ? name : `${name}-${key}`;
    const type = key === "volumeType" ? "text" : "number";
    const options = { type, placeholder: text, label: `${label}: ${text}` } as const;
    return input(context, id, disk[key], (value) => change({ [key]: value }), options);
  };
  return html`<div class="field ${errors.has(name) ? "invalid" : ""}" role="group" aria-label=${label}>
    <span class="label">${label}</span>
    <div class="four">
      ${part("volumeType", t("diskType"))}${part("volumeSize", t("diskSize"))}${part("iops", t("diskIops"))}
      ${part("throughput", t("diskThroughput"))}
    </div>
    ${errorLine(name, errors.get(name))}
  </div>`;
}

export function group(
  legend: string,
  name: string,
  errors: ReadonlyMap<string, string>,
  content: unknown,
): TemplateResult {
  return html`<fieldset data-section=${name} aria-describedby=${errors.has(name) ? `${name}-error` : nothing}>
    <legend id=${name} tabindex="-1">${legend}</legend>
    ${inField(errorLine(name, errors.get(name)))}${content}
  </fieldset>`;
}

function inField(line: TemplateResult | typeof nothing): TemplateResult | typeof nothing {
  return line === nothing ? nothing : html`<div class="field">${line}</div>`;
}

function without<T>(list: readonly T[], at: number): T[] {
  return list.filter((_, index) => index !== at);
}

function lines(
  { errors }: FieldContext,
  name: string,
  value: string,
  label: string,
  set: (value: string) => void,
): TemplateResult {
  const onInput = (event: Event): void => set((event.currentTarget as HTMLTextAreaElement).value);
  return html`<textarea
    id=${name}
    aria-label=${label}
    aria-invalid=${errors.has(name) ? "true" : nothing}
    aria-describedby=${errors.has(name) ? `${name}-error` : nothing}
    spellcheck="false"
    .value=${live(value)}
    @input=${onInput}
  ></textarea>`;
}
