import { expect, test } from "vitest";

import { ElementLoader, type ElementMemory, type ElementPage } from "../../src/store/element_loader";
import type { KernelModel } from "../../src/store/model_source";
import { widgetStrings } from "../../src/strings/widget";
import { FakeClock, settled } from "./fakes";

/** A page whose elements are defined when a script has run in it. */
class FakePage implements ElementPage {
  readonly memory: ElementMemory = { askedUntil: 0, running: null };
  readonly ran: string[] = [];
  hasElements = false;
  refusal: Error | null = null;
  private define: () => void = () => undefined;
  private readonly defined = new Promise<void>((resolve) => (this.define = resolve));

  offered(): Promise<boolean> {
    if (this.hasElements) {
      this.define();
    }
    return Promise.resolve(this.hasElements);
  }

  whenDefined(): Promise<void> {
    return this.defined;
  }

  run(script: string): Promise<void> {
    this.ran.push(script);
    if (this.refusal) {
      return Promise.reject(this.refusal);
    }
    this.define();
    return Promise.resolve();
  }
}

/** A panel on a page, whose kernel is the test. */
class Panel implements KernelModel {
  readonly said: (string | null)[] = [];
  asked = 0;
  drawn = 0;
  dead = false;
  private readonly listeners = new Map<string, (told: unknown) => void>();
  private readonly loader: ElementLoader;

  constructor(page: FakePage, clock: FakeClock) {
    this.loader = new ElementLoader(this, clock, page, (sentence) => this.said.push(sentence));
  }

  async load(): Promise<this> {
    await this.loader.load(() => this.drawn++);
    await settled();
    return this;
  }

  send(content: unknown): void {
    if (this.dead) {
      throw new Error("Cannot send");
    }
    expect(content).toEqual({ type: "elements" });
    this.asked++;
  }

  on(event: string, listener: (told: unknown) => void): void {
    this.listeners.set(event, listener);
  }

  off(event: string): void {
    this.listeners.delete(event);
  }

  get(): undefined {
    return undefined;
  }

  async tell(event: string, told?: unknown): Promise<void> {
    this.listeners.get(event)?.(told);
    await settled();
  }

  answer(script = "define()"): Promise<void> {
    return this.tell("msg:custom", { type: "elements", script });
  }

  leave(): void {
    this.loader.dispose();
  }
}

function rig() {
  const [page, clock] = [new FakePage(), new FakeClock()];
  return { page, clock, open: () => new Panel(page, clock).load() };
}

test("a page that has the elements asks no kernel", async () => {
  const { page, open } = rig();
  page.hasElements = true;
  const panel = await open();
  expect([panel.drawn, panel.asked, page.ran]).toEqual([1, 0, []]);
});

test("the kernel's script runs once, for all panels of the page", async () => {
  const { page, clock, open } = rig();
  const [first, second] = [await open(), await open()];
  expect([first.asked, second.asked]).toEqual([1, 0]);
  await first.answer("the script");
  await second.answer("the script");
  expect(page.ran).toEqual(["the script"]);
  expect([first.drawn, second.drawn]).toEqual([1, 1]);
  await clock.pass(3_600_000);
  expect([first.asked, second.asked, clock.waiting]).toEqual([1, 0, 0]);
});

test("a busy kernel is named after five seconds, and its late answer counts", async () => {
  const { clock, open } = rig();
  const panel = await open();
  await clock.pass(4999);
  expect(panel.said).toEqual([]);
  await clock.pass(1);
  expect(panel.said).toEqual([widgetStrings.panelWaits]);
  await panel.answer();
  expect([panel.drawn, panel.said.at(-1)]).toEqual([1, null]);
});

test("a kernel that does not answer is asked again, ever more seldom", async () => {
  const { clock, open } = rig();
  const panel = await open();
  await clock.pass(10_000);
  expect(panel.asked).toBe(2);
  await clock.pass(3_600_000);
  expect(panel.asked).toBeGreaterThan(8);
  expect(panel.asked).toBeLessThan(25);
});

test("another panel asks its own kernel when the first one's does not answer", async () => {
  const { page, clock, open } = rig();
  const [, second] = [await open(), await open()];
  await clock.pass(5000);
  expect(second.asked).toBe(1);
  await second.answer();
  expect(page.ran).toHaveLength(1);
});

test("without a kernel it says so, and asks when the connection begins anew", async () => {
  const { page, clock } = rig();
  const panel = new Panel(page, clock);
  panel.dead = true;
  await panel.load();
  expect(panel.said).toEqual([widgetStrings.panelNeedsKernel]);
  panel.dead = false;
  await panel.tell("comm_live_update");
  await panel.answer();
  expect([panel.asked, panel.drawn, panel.said.at(-1)]).toEqual([1, 1, null]);
});

test("a page that refuses the script says why, and runs it when it is told again", async () => {
  const { page, open } = rig();
  page.refusal = new Error("policy");
  const panel = await open();
  await panel.answer();
  expect(panel.said.at(-1)).toContain("policy");
  page.refusal = null;
  await panel.answer();
  expect([page.ran.length, panel.drawn]).toEqual([2, 1]);
});

test("a panel that has left asks and draws nothing", async () => {
  const { page, clock, open } = rig();
  const panel = await open();
  panel.leave();
  await page.run("of another panel");
  await clock.pass(3_600_000);
  expect([panel.asked, panel.drawn, panel.said, clock.waiting]).toEqual([1, 0, [], 0]);
});

test("what else a kernel tells is no script", async () => {
  const { page, open } = rig();
  const panel = await open();
  await panel.tell("msg:custom", { type: "elements", script: 1 });
  await panel.tell("msg:custom", { type: "parts", script: "x" });
  await panel.tell("msg:custom", null);
  expect(page.ran).toEqual([]);
});
