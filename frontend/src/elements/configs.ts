/** `sail-configs`: the compute configs that the caller may use. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";

import * as icons from "../icons";
import { mayEdit } from "../model/config_form";
import { configLine, deleteQuestion, orderedConfigs } from "../model/config_facts";
import type { Menu } from "../model/menu";
import { textMatches } from "../model/session_order";
import { memoryText, vcpuText } from "../model/sizes";
import { fileName } from "../model/states";
import type { Config } from "../model/types";
import { blocks } from "../styles/blocks";
import { controls } from "../styles/controls";
import { menu } from "../styles/menu";
import { notices } from "../styles/notices";
import { rows } from "../styles/rows";
import { tokens } from "../styles/tokens";
import { define } from "../version";
import { configMenu } from "./config_menu";
import { late, loadingBars } from "./late";
import { ListElement } from "./list_element";
import { listStyles } from "./list_styles";
import { loadFailure } from "./load_failure";
import { type Entry } from "./row_list";
import { isOnControl, rowId } from "./row_nodes";
import { bdi, button, filled, iconButton, sentence } from "./templates";

export class SailConfigs extends ListElement {
  static override styles = [tokens, controls, blocks, menu, notices, rows, late, listStyles];

  protected override subjectOf(id: string): string {
    return `config:${id}`;
  }

  protected override updated(): void {
    const kernelId = this.notebook?.kernel.id ?? null;
    this.watchOnly(kernelId === null ? [] : [{ topic: "estimates", kernelId }]);
  }

  protected override render(): unknown {
    const { t, snapshot } = this;
    if (!snapshot || snapshot.link === "absent" || snapshot.link === "refused") {
      return nothing;
    }
    const { items, problem } = snapshot.configs;
    if (!items) {
      const retry = (): void => this.ask({ act: "retry" });
      return problem ? loadFailure(t, "configsFailed", problem, retry) : loadingBars(t("configsLoading"));
    }
    const shown = orderedConfigs(items, snapshot.me?.defaultConfig ?? null).filter((config) => this.isShown(config));
    return shown.length ? [this.list(shown), this.menu.template()] : this.empty(items.length > 0);
  }

  private isShown(config: Config): boolean {
    return this.snapshot !== null && textMatches([config.name, configLine(this.t, config)], this.filter);
  }

  private empty(filtering: boolean): TemplateResult {
    const { t, filter, snapshot } = this;
    if (filtering) {
      const clear = (): void => {
        this.filter = "";
      };
      return html`<div class="empty small" role="status">
        <div class="dim">${filled(t, "noConfigMatches", { filter: html`"${bdi(filter)}"` })}</div>
        ${button(t("clearFilter"), clear)}
      </div>`;
    }
    const me = snapshot?.me;
    const machine = me?.clusters.find((cluster) => cluster.machine)?.machine;
    const text = machine
      ? t("noConfigsSize", { vcpus: vcpuText(t, machine.vcpus), memory: memoryText(t, machine.memoryBytes) })
      : t("noConfigs");
    const mayMake = me && (me.organizationAdmin || me.adminOf.length > 0);
    return html`<div class="empty small">
      <div class="dim">${text}</div>
      ${mayMake ? button(t("newConfig"), () => this.ask({ act: "newConfig" }), { shape: icons.add }) : nothing}
    </div>`;
  }

  private list(shown: readonly Config[]): TemplateResult {
    const entries = shown.flatMap((config) => this.withQuestion(config.id, config.name));
    const drawn = this.rows.draw(entries);
    const byId = new Map(shown.map((config) => [config.id, config]));
    const rows = repeat(
      drawn.rows,
      ({ index }) => entries[index]?.id,
      ({ index, gap }) => {
        const entry = entries[index];
        const config = byId.get(entry?.id ?? "");
        const style = gap ? `margin-top:${gap}px` : nothing;
        return config ? this.row(config, index, style) : entry ? this.under(entry, index, style) : nothing;
      },
    );
    return this.grid(this.t("configsName"), entries.length, drawn, rows);
  }

  private under(entry: Entry, index: number, style: unknown): TemplateResult {
    return html`<div role="row" data-id=${entry.id} data-kind="free" aria-rowindex=${index + 1} style=${style}>
      <div role="gridcell">${this.question(entry)}</div>
    </div>`;
  }

  private row(config: Config, index: number, style: unknown): TemplateResult {
    const { t, snapshot, rows } = this;
    const { id, name } = config;
    const known = this.isKnown;
    const line = configLine(t, config);
    const isDefault = name === snapshot?.me?.defaultConfig;
    const isWarm = known && this.isWarm(config);
    const hot = known && this.isHot(id);
    const classes = ["row", id === this.current ? "sel" : "", hot ? "hover" : "", known ? "" : "over"].filter(Boolean);
    const spoken = [name, isDefault ? t("default") : "", line, isWarm ? t("warm") : ""].filter(Boolean).join(", ");
    return html`<div
      class=${classes.join(" ")}
      role="row"
      data-id=${id}
      data-kind="row"
      data-label=${name}
      data-config-name=${known ? name : nothing}
      tabindex=${rows.active === id ? 0 : -1}
      aria-rowindex=${index + 1}
      aria-label=${spoken}
      style=${style}
    >
      ${icons.icon(icons.size, "mark i")}
      <div class="clip" role="gridcell">
        <div class="l1">
          <span class="clip" title=${name}>${bdi(name)}</span>
          ${isDefault ? html`<span class="tag line">${t("default")}</span>` : nothing}
        </div>
        <div class="l2"><span class="clip" title=${line}>${line}</span></div>
      </div>
      ${
        hot
          ? this.acts(config)
          : html`<span class="end" role="gridcell"
              >${isWarm ? html`<span class="tag warm">${t("warm")}</span>` : nothing}</span
            >`
      }
    </div>`;
  }

  private acts(config: Config): TemplateResult {
    const { t, notebook, snapshot } = this;
    const edits = mayEdit(snapshot?.me ?? null, config);
    const edit = (): void => this.ask({ act: "editConfig", configId: config.id });
    return html`<span class="acts" role="gridcell"
      >${
        notebook
          ? iconButton(icons.insert, t("useIn", { notebook: fileName(notebook.path) }), () => this.connect(config))
          : nothing
      }${iconButton(edits ? icons.edit : icons.info, t(edits ? "edit" : "details"), edit)}${iconButton(
        icons.dots,
        t("moreActions"),
        (event) => this.openBelow(config.id, this.menuOf(config), config.name, event),
        { menu: true },
      )}</span
    >`;
  }

  private isWarm({ id }: Config): boolean {
    const kernelId = this.notebook?.kernel.id ?? "";
    const estimates = this.snapshot?.estimates[kernelId]?.items ?? [];
    return estimates.some(({ configId, warm }) => configId === id && warm);
  }

  private connect(config: Config): void {
    this.ask({ act: "connect", choice: { config: config.name } });
  }

  private delete(config: Config): void {
    const { t, snapshot } = this;
    const live = snapshot?.sessions.items?.filter(({ configId }) => configId === config.id).length ?? 0;
    const text = sentence(t, deleteQuestion(config, live));
    const act = (): void => this.ask({ act: "deleteConfig", configId: config.id });
    this.confirm.ask({ about: config.id, name: config.name, text, yes: t("delete"), no: t("keepIt"), act });
  }

  private configOf(id: string | null): Config | null {
    return this.snapshot?.configs.items?.find((config) => config.id === id) ?? null;
  }

  private clicked(event: Event): Config | null {
    return isOnControl(event) ? null : this.configOf(rowId(event));
  }

  protected override readonly onClick = (event: Event): void => {
    this.current = this.clicked(event)?.id ?? this.current;
  };

  protected override readonly onDoubleClick = (event: Event): void => {
    const config = this.clicked(event);
    if (config) {
      this.ask({ act: "editConfig", configId: config.id });
    }
  };

  protected override readonly onContextMenu = (event: MouseEvent): void => {
    const config = this.configOf(rowId(event));
    if (config) {
      this.onRightClick(config.id, this.menuOf(config), config.name, event);
    }
  };

  private menuOf(config: Config): Menu {
    return configMenu(config, {
      t: this.t,
      me: this.snapshot?.me ?? null,
      hasNotebook: this.notebook !== null,
      ask: (act) => this.ask(act),
      delete: (one) => this.delete(one),
    });
  }

  protected override readonly onKey = (event: KeyboardEvent): void => {
    const onRow = event.target instanceof HTMLElement && event.target.dataset.kind === "row";
    if (this.rows.onKey(event) || event.defaultPrevented || !onRow) {
      return;
    }
    const config = this.configOf(this.rows.active);
    if (config && this.onRowKey(config, event.key)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  private onRowKey(config: Config, key: string): boolean {
    const known = this.isKnown;
    const edits = mayEdit(this.snapshot?.me ?? null, config);
    if (key === "Escape" && this.current !== null) {
      this.current = null;
    } else if (key === "Enter" && known && this.notebook) {
      this.connect(config);
    } else if (key === "Enter" || key === " ") {
      this.ask({ act: "editConfig", configId: config.id });
    } else if (key === "Delete" && known && edits) {
      this.delete(config);
    } else {
      return false;
    }
    return true;
  }
}

define("configs", SailConfigs);
