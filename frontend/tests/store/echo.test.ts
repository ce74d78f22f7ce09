/** A panel's page says back what the kernel told it, where the kernel tells what is to be said back. */

import { expect, test } from "vitest";

import { echo, type EchoingModel } from "../../src/store/echo";

class Model implements EchoingModel {
  saved = 0;
  private readonly listeners = new Map<string, () => void>();

  constructor(private readonly state: Record<string, unknown>) {}

  get(name: string): unknown {
    return this.state[name];
  }

  set(name: string, value: unknown): void {
    this.state[name] = value;
  }

  save_changes(): void {
    this.saved += 1;
  }

  on(event: string, listener: () => void): void {
    this.listeners.set(event, listener);
  }

  off(event: string): void {
    this.listeners.delete(event);
  }

  tell(told: unknown): void {
    this.state["told"] = told;
    this.listeners.get("change:told")?.();
  }
}

test("what is told is said back once", () => {
  const model = new Model({ told: { status: null }, seen: { status: null } });
  echo(model);
  expect(model.saved).toBe(0);
  model.tell({ status: "active" });
  model.tell({ status: "active" });
  expect([model.get("seen"), model.saved]).toEqual([{ status: "active" }, 1]);
});

test("what was told before the page was there is said back at once", () => {
  const model = new Model({ told: { status: "active" }, seen: { status: null } });
  echo(model);
  expect([model.get("seen"), model.saved]).toEqual([{ status: "active" }, 1]);
});

test("a kernel that tells nothing is told nothing, and neither is one whose panel has ended", () => {
  const model = new Model({});
  echo(model)();
  model.tell({ status: "active" });
  expect([model.get("seen"), model.saved]).toEqual([undefined, 0]);
});
