/** One of our elements as a Lumino widget. It reads from the page's source only while it shows: hidden panels are
    attached too, and they must ask the server nothing. */

import { ACT_EVENT, type Act, type Source, type Translate } from "@lakesail/notebook-ui";
import { Widget } from "@lumino/widgets";

export interface SailHost extends HTMLElement {
  source: Source | null;
  t: Translate;
  readonly updateComplete: Promise<boolean>;
}

export interface Surroundings {
  readonly source: Source;
  readonly t: Translate;
}

export class ElementWidget<Properties extends object = object> extends Widget {
  readonly element: SailHost & Properties;
  /** Called when what is known changes while this shows, and when it begins to show. */
  onChange: (() => void) | null = null;
  private stopListening: (() => void) | null = null;

  constructor(
    tagName: string,
    private readonly page: Surroundings,
    private readonly onAct: (act: Act, element: HTMLElement) => void,
  ) {
    super();
    this.element = document.createElement(tagName) as SailHost & Properties;
    this.element.t = page.t;
    this.element.addEventListener(ACT_EVENT, (event) => {
      event.stopPropagation();
      this.onAct((event as CustomEvent<Act>).detail, this.element);
    });
    this.node.append(this.element);
  }

  set(properties: Partial<Properties>): void {
    Object.assign(this.element, properties);
  }

  protected override onAfterAttach(): void {
    this.listen(this.isVisible);
  }

  protected override onAfterShow(): void {
    this.listen(true);
  }

  protected override onBeforeHide(): void {
    this.listen(false);
  }

  protected override onBeforeDetach(): void {
    this.listen(false);
  }

  private listen(shown: boolean): void {
    const { source } = this.page;
    this.element.source = shown ? source : null;
    this.stopListening?.();
    this.stopListening = shown && this.onChange ? source.subscribe(this.onChange) : null;
    if (shown) {
      this.onChange?.();
    }
  }
}
