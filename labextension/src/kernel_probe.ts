/** Whether a kernel can connect: it runs Python, and has our package. */

import type { Kernel as KernelFacts } from "@lakesail/notebook-ui";
import type { Kernel } from "@jupyterlab/services";

export type Fit = KernelFacts["fit"];

const HAS_PACKAGE = "__import__('importlib.util').util.find_spec('lakesail_notebook') is not None";

/** Remembers what a kernel answered, and asks it once per start, when it is idle. */
export class KernelProbe {
  fit: Fit = "unknown";
  private asked = false;

  /** The kernel started anew; what it can do may have changed. */
  forget(): void {
    this.fit = "unknown";
    this.asked = false;
  }

  /** @returns whether the answer changed. */
  async ask(kernel: Kernel.IKernelConnection): Promise<boolean> {
    if (this.asked) {
      return false;
    }
    this.asked = true;
    const fit = await answer(kernel).catch((): Fit => "unknown");
    const changed = this.asked && fit !== this.fit;
    this.fit = this.asked ? fit : this.fit;
    return changed;
  }
}

async function answer(kernel: Kernel.IKernelConnection): Promise<Fit> {
  const { language_info: language } = await kernel.info;
  if (language.name !== "python") {
    return "no-python";
  }
  const reply = await kernel.requestExecute({
    code: "",
    silent: true,
    store_history: false,
    user_expressions: { has: HAS_PACKAGE },
  }).done;
  const content = reply.content;
  if (content.status !== "ok") {
    return "unknown";
  }
  const told = content.user_expressions["has"] as { readonly data?: Readonly<Record<string, unknown>> } | undefined;
  const text = told?.data?.["text/plain"];
  return text === "True" ? "fits" : text === "False" ? "no-package" : "unknown";
}
