/** The form of a compute config, in a dialog. */

import { ACT_EVENT, type Act, type Config, type Source, tagNames, type Translate } from "@lakesail/notebook-ui";

import { elementReady } from "./elements";
import type { SailHost } from "./element_widget";
import { openModal } from "./modal";

export interface ConfigDialogOptions {
  readonly source: Source;
  readonly t: Translate;
  readonly perform: (act: Act) => Promise<void>;
  /** `null`: a new one. */
  readonly config: Config | null;
  /** A new one that begins as a copy of this. */
  readonly copyOf?: Config;
}

type Form = SailHost & { config: Config | null; copyOf: Config | null };

/** @throws when the form's script does not come from the server. */
export async function openConfigForm(options: ConfigDialogOptions): Promise<void> {
  await elementReady(tagNames.configForm);
  openDialog(options);
}

function openDialog({ source, t, perform, config, copyOf }: ConfigDialogOptions): void {
  const form = document.createElement(tagNames.configForm) as Form;
  form.t = t;
  form.config = config;
  form.copyOf = copyOf ?? null;
  const modal = openModal(
    t(config ? "editConfig" : "newComputeConfig"),
    form,
    "lsn-mod-form",
    () => (form.source = null),
  );
  form.addEventListener(ACT_EVENT, (event) => {
    event.stopPropagation();
    void act((event as CustomEvent<Act>).detail);
  });
  form.source = source;
  void form.updateComplete.then(() => {
    if (!form.matches(":focus-within")) {
      form.shadowRoot?.querySelector<HTMLElement>("input:not([disabled]), select, button")?.focus();
    }
  });

  const act = async (asked: Act): Promise<void> => {
    if (asked.act === "cancel") {
      modal.close();
      return;
    }
    await perform(asked);
    const state = source.snapshot.acts[`form:${config?.id ?? ""}`];
    if (asked.act === "saveConfig" && state?.phase === "done") {
      modal.close();
    }
  };
}
