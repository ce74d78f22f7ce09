/** One of our elements as a Lumino widget. It reads from the page's source only while it shows: hidden panels are
    attached too, and they must ask the server nothing. Its script comes when it first shows. */

import { ACT_EVENT, type Act, type Source, type Translate } from "@lakesail/notebook-ui";
import { Widget } from "@lumino/widgets";

import { elementReady, isAnswered } from "./elements";

export interface SailHost extends HTMLElement {
  source: Source | null;
  t: Translate;
  readonly updateComplete: Promise<boolean>;
}

export interface Surroundings {
  readonly source: Source;
  readonly t: Translate;
}

const TRY_EVERY = 5000;

export class ElementWidget<Properties extends object = object> extends Widget {
  readonly element: SailHost & Properties;
  /** Called when what is known changes while this shows, and when it begins to show. */
  onChange: (() => void) | null = null;
  /** Resolves when the element is there. */
  readonly ready: Promise<void>;
  private readonly properties: Partial<SailHost & Properties>;
  private isReady: boolean;
  private asks = false;
  private resolveReady: () => void = () => undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopListening: (() => void) | null = null;

  constructor(
    tagName: string,
    private readonly page: Surroundings,
    private readonly onAct: (act: Act, element: HTMLElement) => void,
    /** The tag of an element that comes with it, where that is another one. */
    private readonly needs = tagName,
  ) {
    super();
    this.element = document.createElement(tagName) as SailHost & Properties;
    this.isReady = customElements.get(needs) !== undefined;
    this.ready = this.isReady ? Promise.resolve() : new Promise((resolve) => (this.resolveReady = resolve));
    this.properties = {};
    this.assign({ t: page.t } as Partial<SailHost & Properties>);
    this.element.addEventListener(ACT_EVENT, (event) => {
      event.stopPropagation();
      this.onAct((event as CustomEvent<Act>).detail, this.element);
    });
    this.node.append(this.element);
  }

  set(properties: Partial<Properties>): void {
    this.assign(properties as Partial<SailHost & Properties>);
  }

  override dispose(): void {
    clearTimeout(this.timer);
    super.dispose();
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
    this.assign({ source: shown ? source : null } as Partial<SailHost & Properties>);
    this.stopListening?.();
    this.stopListening = shown && this.onChange ? source.subscribe(this.onChange) : null;
    if (shown) {
      void this.load();
      this.onChange?.();
    }
  }

  /** Properties that are set before the element is defined would hide its own, so they wait until then. */
  private assign(properties: Partial<SailHost & Properties>): void {
    Object.assign(this.properties, properties);
    if (this.isReady) {
      Object.assign(this.element, properties);
    }
  }

  private async load(): Promise<void> {
    if (this.isReady || this.asks) {
      return;
    }
    this.asks = true;
    clearTimeout(this.timer);
    try {
      await elementReady(this.needs);
      this.begin();
    } catch {
      const { source, t } = this.page;
      this.element.textContent = t(isAnswered(source) ? "notServed" : "notLoaded");
      this.timer = setTimeout(() => void (this.isVisible && this.load()), TRY_EVERY);
    }
    this.asks = false;
  }

  private begin(): void {
    this.element.replaceChildren();
    customElements.upgrade(this.element);
    this.isReady = true;
    Object.assign(this.element, this.properties);
    this.resolveReady();
  }
}
