/** The field that filters the sidebar's lists. */

import type { Translate } from "@lakesail/notebook-ui";
import { Signal } from "@lumino/signaling";
import { Widget } from "@lumino/widgets";

export class FilterBox extends Widget {
  /** The words to filter by; `""` shows all. */
  readonly changed = new Signal<this, string>(this);
  private readonly field = document.createElement("input");

  /** @param left is called when the field goes while it has the focus. */
  constructor(
    t: Translate,
    private readonly left: () => void,
  ) {
    super();
    this.addClass("lsn-Filter");
    this.field.type = "search";
    this.field.className = "jp-mod-styled";
    this.field.placeholder = t("filterHint");
    this.field.setAttribute("aria-label", t("filterHint"));
    this.field.addEventListener("input", () => this.changed.emit(this.field.value.trim()));
    this.field.addEventListener("keydown", (event) => this.onKey(event));
    this.node.append(this.field);
    this.hide();
  }

  set value(filter: string) {
    if (filter !== this.field.value.trim()) {
      this.field.value = filter;
      this.changed.emit(filter);
    }
  }

  toggle(): void {
    if (this.isHidden) {
      this.show();
      // Lab's button takes the focus after its click.
      requestAnimationFrame(() => this.field.focus());
    } else {
      this.clear();
      this.hide();
    }
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      if (this.field.value) {
        this.clear();
      } else {
        this.hide();
        this.left();
      }
    }
  }

  private clear(): void {
    this.field.value = "";
    this.changed.emit("");
  }
}
