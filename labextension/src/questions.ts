/** A question with two answers, in JupyterLab's dialog. */

import { Dialog, showDialog } from "@jupyterlab/apputils";

export interface Question {
  readonly title: string;
  readonly body: string;
  /** What the red button says. */
  readonly confirm: string;
  readonly cancel: string;
}

/** @returns whether it is to be done. */
export async function ask({ title, body, confirm, cancel }: Question): Promise<boolean> {
  const buttons = [
    Dialog.cancelButton({ label: cancel, ariaLabel: cancel }),
    Dialog.warnButton({ label: confirm, ariaLabel: confirm }),
  ];
  const { button } = await showDialog({ title, body, buttons, defaultButton: 0 });
  return button.accept;
}
