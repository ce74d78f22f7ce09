/** A person's settings of this extension, live. Where JupyterLab has no settings, the defaults hold. */

import type { ISettingRegistry } from "@jupyterlab/settingregistry";
import { Signal } from "@lumino/signaling";

export const PLUGIN_ID = "@lakesail/notebook-labextension:plugin";

export interface Values {
  readonly showToolbarButton: boolean;
  readonly showStatusItem: boolean;
  readonly notifyBeforeClose: boolean;
  readonly connectCell: "visible" | "hidden";
  /** Name of the config that Connect takes where a notebook remembers none; `""`: the server's default. */
  readonly defaultConfig: string;
  /** Path of the notebook that the sidebar's marimo button opens; `""`: the button makes a new one. */
  readonly marimoNotebook: string;
}

const DEFAULTS: Values = {
  showToolbarButton: true,
  showStatusItem: true,
  notifyBeforeClose: true,
  connectCell: "visible",
  defaultConfig: "",
  marimoNotebook: "",
};

export class Settings {
  readonly changed = new Signal<this, void>(this);
  values: Values = DEFAULTS;

  constructor(private readonly registry: ISettingRegistry | null) {
    void this.registry
      ?.load(PLUGIN_ID)
      .then((loaded) => {
        const read = (): void => {
          this.values = { ...DEFAULTS, ...(loaded.composite as Partial<Values>) };
          this.changed.emit();
        };
        loaded.changed.connect(read);
        read();
      })
      .catch((error: unknown) => console.warn("The settings of Spark on Sail could not be read.", error));
  }

  async setDefaultConfig(name: string): Promise<void> {
    if (this.registry) {
      await this.registry.set(PLUGIN_ID, "defaultConfig", name);
    } else {
      this.values = { ...this.values, defaultConfig: name };
      this.changed.emit();
    }
  }
}
