/** marimo runs cells again for what a page says, not for what the kernel tells it. So the page of a panel there says back
    what it was told. Other kernels tell nothing that is to be said back. */

/** What is used of an anywidget model. */
export interface EchoingModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
}

/** @returns a function that ends it. */
export function echo(model: EchoingModel): () => void {
  const sayBack = (): void => {
    const told = model.get("told");
    if (told !== undefined && JSON.stringify(told) !== JSON.stringify(model.get("seen"))) {
      model.set("seen", told);
      model.save_changes();
    }
  };
  model.on("change:told", sayBack);
  sayBack();
  return () => model.off("change:told", sayBack);
}
