/** Opens a page of marimo in a tab of its own, which knows nothing of this page. */

import { Notification } from "@jupyterlab/apputils";
import type { Translate } from "@lakesail/notebook-ui";

/** @param name of what opens, for the case that the browser wants a click first. */
export function openTab(t: Translate, url: string, name: string): void {
  if (isAfterGesture()) {
    window.open(url, "_blank", "noopener");
    return;
  }
  Notification.info(t("marimoBlocked", { name }), {
    autoClose: false,
    actions: [
      {
        label: t("openMarimo"),
        displayType: "accent",
        callback: () => void window.open(url, "_blank", "noopener"),
      },
    ],
  });
}

/** Browsers let a page open a tab for some seconds after a click or key. What they block, they do not tell. */
function isAfterGesture(): boolean {
  const { userActivation }: Partial<Pick<Navigator, "userActivation">> = navigator;
  return userActivation?.isActive ?? true;
}
