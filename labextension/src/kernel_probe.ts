/** Whether a kernel can connect: it runs Python, and has our package. */

import type { Kernel as KernelFacts } from "@lakesail/notebook-ui";
import type { Kernel } from "@jupyterlab/services";

export type Fit = KernelFacts["fit"];

const HAS_PACKAGE = "__import__('importlib.util').util.find_spec('lakesail_notebook') is not None";

/** Remembers what a kernel answered, and asks it once per start, when it is idle. */
export class KernelProbe {
  fit: Fit = "unknown";
  /** The question that was asked since the kernel started. */
  private question: object | null = null;

  /** The kernel started anew; what it can do may have changed. */
  forget(): void {
    this.fit = "unknown";
    this.question = null;
  }

  /** @returns whether the answer changed. */
  async ask(kernel: Kernel.IKernelConnection): Promise<boolean> {
    if (this.question) {
      return false;
    }
    const mine = (this.question = {});
    const fit = await answer(kernel).catch((): Fit => "unknown");
    if (this.question !== mine || fit === this.fit) {
      return false;
    }
    this.fit = fit;
    return true;
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
