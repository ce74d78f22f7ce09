/** `sail-config-form`: makes and changes a compute config; who may not, reads it. */

import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";

import * as icons from "../icons";
import { subjectOf, type Act } from "../model/acts";
import { bodyOf, formValues, mayEdit, unusedFields, type FormValues } from "../model/config_form";
import { formSize } from "../model/config_size";
import { priceText, sizeText } from "../model/sizes";
import type { Cluster, Config, InstanceType, Problem } from "../model/types";
import { controls } from "../styles/controls";
import { facts } from "../styles/facts";
import { form } from "../styles/form";
import { notices } from "../styles/notices";
import { tokens } from "../styles/tokens";
import { define } from "../version";
import { configSheet } from "./config_sheet";
import { errorSummary, fieldErrors, sectionOf, type Section } from "./config_errors";
import { field, group, input, librariesField, variablesField } from "./config_fields";
import { configFormStyles } from "./config_form_styles";
import { modeField, moreFields, ownerFields, sizeFields, typeText, type FormContext } from "./config_parts";
import { SailElement } from "./element";
import { bdi, button } from "./templates";

export class SailConfigForm extends SailElement {
  static override styles = [tokens, controls, facts, form, notices, configFormStyles];

  /** The config to change or to read; `null`: a new one. */
  @property({ attribute: false }) config: Config | null = null;
  /** A new one begins as a copy of this. */
  @property({ attribute: false }) copyOf: Config | null = null;
  /** Shows it to be read, also to those who may change it. */
  @property({ type: Boolean, attribute: "readonly" }) readOnly = false;

  @state() private values: FormValues | null = null;
  @state() private opened: ReadonlySet<Section> = new Set();
  private begunWith: unknown = null;
  /** The problem of the last answer that this form waited for. */
  private asked = false;
  private told: Problem | null = null;
  private wantsFocus: string | null = null;

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    const from = this.config ?? this.copyOf;
    const me = this.snapshot?.me ?? null;
    if (me && (this.values === null || this.begunWith !== from?.id)) {
      this.values = formValues(this.config, this.copyOf, me);
      this.begunWith = from?.id;
      this.asked = false;
      const { libraries, variables } = this.values;
      const filled: [Section, boolean][] = [
        ["libraries", libraries.length > 0],
        ["environment", variables.length > 0],
      ];
      this.opened = new Set(filled.filter(([, has]) => has).map(([section]) => section));
    }
  }

  protected override updated(): void {
    this.watchOnly(this.snapshot?.me ? [{ topic: "instanceTypes" }] : []);
    const { problem } = this;
    if (problem !== this.told) {
      this.told = problem;
      const first = this.fieldErrors.keys().next().value;
      this.wantsFocus = first ?? null;
    }
    if (this.wantsFocus !== null) {
      this.focusField(this.wantsFocus);
      this.wantsFocus = null;
    }
  }

  protected override render(): unknown {
    const { t, values, snapshot, config } = this;
    if (!snapshot?.me || !values) {
      return nothing;
    }
    if (config && (this.readOnly || !mayEdit(snapshot.me, config))) {
      return configSheet(t, snapshot, config, this.typeList, (act) => this.ask(act));
    }
    const { me } = snapshot;
    const { cluster, unusedOnes: hidden, typeList: types, fieldErrors: errors } = this;
    const set: FormContext["set"] = (changes, focus) => this.set(changes, focus);
    const context: FormContext = { t, values, errors, set, me, config, cluster, hidden, types };
    const title = config ? t("editConfigTitle", { name: config.name }) : t("newConfigTitle");
    return html`<form id="form" novalidate aria-label=${title} @submit=${this.onSubmit}>
        <div class="title" role="heading" aria-level="2">${bdi(title)}</div>
        ${config ? html`<div class="small dim">${t("keepsVersion")}</div>` : nothing} ${this.summary(context)}
        ${field(context, "name", t("nameField"), this.nameInput(context))} ${ownerFields(context)} ${modeField(context)}
        ${sizeFields(context)} ${this.sections(context)} ${this.unused()} ${this.typeOptions()}
      </form>
      ${this.foot(values)}`;
  }

  private nameInput(context: FormContext): TemplateResult {
    return input(context, "name", context.values.name, (name) => this.set({ name }), { required: true });
  }

  /** What most leave alone: folded, until there is something in it or wrong with it. */
  private sections(context: FormContext): unknown {
    const { t, unusedOnes: hidden } = this;
    const more = [hidden.disks ? null : t("disks"), hidden.image ? null : t("image"), t("limits")].filter((one) => one);
    const names: Record<Section, string> = {
      libraries: t("libraries"),
      environment: t("environment"),
      more: capital(more.join(", ")),
    };
    const wrong = [...context.errors.keys()].map(sectionOf);
    const isOpen = (section: Section): boolean => this.opened.has(section) || wrong.includes(section);
    const folded = (Object.keys(names) as Section[]).filter((section) => !isOpen(section));
    const link = (section: Section): TemplateResult =>
      button(names[section], () => this.unfold(section), { kind: "link", shape: icons.carright });
    return [
      folded.length ? html`<div class="bar">${folded.map(link)}</div>` : nothing,
      isOpen("libraries") ? librariesField(context) : nothing,
      isOpen("environment") ? variablesField(context) : nothing,
      isOpen("more") ? group(names.more, "more", context.errors, moreFields(context)) : nothing,
    ];
  }

  private unused(): unknown {
    const { t, unusedOnes: hidden } = this;
    const names = [hidden.disks && t("disks"), hidden.image && t("image"), hidden.capacity && t("capacity")];
    const fields = names.filter(Boolean).join(", ");
    return fields ? html`<div class="small dim">${t("notUsed", { fields })}</div>` : nothing;
  }

  private typeOptions(): TemplateResult {
    return html`<datalist id="types">
      ${this.typeList.map((type) => html`<option value=${type.name} label=${typeText(this.t, type)}></option>`)}
    </datalist>`;
  }

  private foot(values: FormValues): TemplateResult {
    const { t } = this;
    const { size, price, atMost } = formSize(values, this.typeList, this.cluster?.machine ?? null);
    const cost = price && (atMost ? t("perHourAtMost", { price: priceText(t, price) }) : priceText(t, price));
    const text = [size && sizeText(t, size), cost].filter(Boolean).join(" · ");
    const saving = this.saving;
    const label = saving ? t("saving") : t(this.config ? "save" : "create");
    return html`<div class="foot">
      <span class="grow small dim" role="status">${text}</span>
      <span class="bar">
        ${button(t("cancel"), () => this.ask({ act: "cancel" }))}
        <button type="submit" form="form" class="primary" ?disabled=${saving}>${label}</button>
      </span>
    </div>`;
  }

  private summary(context: FormContext): unknown {
    const { problem, config } = this;
    return problem ? errorSummary(context, problem, !config, (name) => this.focusField(name)) : nothing;
  }

  private get fieldErrors(): ReadonlyMap<string, string> {
    return fieldErrors(this.problem, this.values);
  }

  private get problem(): Problem | null {
    const state = this.asked ? this.snapshot?.acts[this.subject] : undefined;
    return state?.phase === "failed" ? state.problem : null;
  }

  private get saving(): boolean {
    return this.snapshot?.acts[this.subject]?.phase === "running";
  }

  private get subject(): string {
    return subjectOf({ act: "saveConfig", configId: this.config?.id ?? null, body: {} });
  }

  private get cluster(): Cluster | undefined {
    const id = this.values?.clusterId;
    return this.snapshot?.me?.clusters.find((cluster) => cluster.id === id);
  }

  private get unusedOnes(): ReturnType<typeof unusedFields> {
    return unusedFields(this.cluster);
  }

  private get typeList(): readonly InstanceType[] {
    return this.snapshot?.instanceTypes?.items ?? [];
  }

  private set(changes: Partial<FormValues>, focus: string | null = null): void {
    this.values = this.values && { ...this.values, ...changes };
    this.wantsFocus = focus;
  }

  private unfold(section: Section): void {
    this.opened = new Set([...this.opened, section]);
    this.wantsFocus = section === "environment" ? "variables" : section;
  }

  private focusField(name: string): void {
    const target = this.renderRoot.querySelector<HTMLElement>(`#${CSS.escape(name)}`);
    target?.focus();
    target?.scrollIntoView({ block: "nearest" });
  }

  private readonly onSubmit = (event: Event): void => {
    event.preventDefault();
    const { values, config, snapshot, saving } = this;
    if (values && !saving) {
      this.asked = true;
      this.told = null;
      const body = bodyOf(values, config, snapshot?.me?.singleUser !== false);
      const act: Act = { act: "saveConfig", configId: config?.id ?? null, body };
      this.ask(act);
      this.requestUpdate();
    }
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

define("configForm", SailConfigForm);
