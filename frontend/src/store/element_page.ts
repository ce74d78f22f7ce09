/** The browser's page for `element_loader.ts`. */

import { tagNames, VERSION } from "../version";
import type { ElementMemory, ElementPage } from "./element_loader";
import { sharedStore } from "./shared";

/** Each version has tags, and so a script, of its own. */
const KEY = Symbol.for(`lakesail.elements.${VERSION}`);

export const elementPage: ElementPage = {
  get memory() {
    const here = globalThis as { [KEY]?: ElementMemory };
    return (here[KEY] ??= { askedUntil: 0, running: null });
  },
  async offered() {
    if (customElements.get(tagNames.panel)) {
      return true;
    }
    try {
      return (await sharedStore()?.elements?.(tagNames.panel)) ?? false;
    } catch {
      return false;
    }
  },
  whenDefined: () => customElements.whenDefined(tagNames.panel),
  /** As anywidget runs the module of a widget: no address of a server is needed. */
  async run(script) {
    const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    try {
      await import(/* webpackIgnore: true */ address);
    } finally {
      URL.revokeObjectURL(address);
    }
  },
};
