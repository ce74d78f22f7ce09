/** What can be done with a compute config. */

import * as icons from "../icons";
import type { Act } from "../model/acts";
import { mayEdit } from "../model/config_form";
import { startsMarimo } from "../model/marimo";
import type { Menu, MenuItem } from "../model/menu";
import type { Config, Me } from "../model/types";
import type { Translate } from "../strings";

export interface ConfigActions {
  readonly t: Translate;
  readonly me: Me | null;
  readonly hasNotebook: boolean;
  readonly ask: (act: Act) => void;
  readonly delete: (config: Config) => void;
}

export function configMenu(config: Config, { t, me, hasNotebook, ask, delete: remove }: ConfigActions): Menu {
  const { id: configId, name } = config;
  const choice = { config: name };
  const edits = mayEdit(me, config);
  const item = (label: string, act: Act, more: Partial<MenuItem> = {}): MenuItem => ({
    label,
    run: () => ask(act),
    ...more,
  });
  const groups: (MenuItem | null)[][] = [
    [
      hasNotebook ? item(t("connect"), { act: "connect", choice }, { key: t("keyEnter") }) : null,
      hasNotebook ? item(t("insertCell"), { act: "insert", choice }, { shape: icons.insert }) : null,
      startsMarimo(me) ? item(t("newMarimo"), { act: "newMarimo", config: name }, { shape: icons.moss }) : null,
    ],
    [
      item(
        t(edits ? "edit" : "details"),
        { act: "editConfig", configId },
        {
          shape: edits ? icons.edit : icons.info,
          key: t("keySpace"),
        },
      ),
      edits ? item(t("duplicate"), { act: "copyConfig", configId }) : null,
      name === me?.defaultConfig
        ? null
        : item(t("makeDefault"), { act: "setDefault", configId }, { shape: icons.check }),
    ],
    [item(t("copyName"), { act: "copy", text: name }, { shape: icons.copy })],
    [edits ? { label: t("deleteConfig"), shape: icons.bin, key: t("keyDelete"), run: () => remove(config) } : null],
  ];
  return groups.map((items) => items.filter((one) => one !== null)).filter((items) => items.length);
}
