import { expect, test, vi } from "vitest";

import type { Act } from "../../src/model/acts";
import { ACT_EVENT } from "../../src/model/acts";
import { performActsOf } from "../../src/store/page_store";
import { offerStore, type SharedStore, sharedStore, whenShared } from "../../src/store/shared";
import { page } from "./fakes";

function store(performed: Act[] = []): SharedStore {
  return { version: 1, source: page().source, perform: (act) => Promise.resolve(void performed.push(act)) };
}

test("the first store that is offered is the page's", () => {
  const here = new EventTarget();
  expect(sharedStore(here)).toBeNull();
  const first = offerStore(store, here);
  expect(offerStore(() => expect.unreachable(), here)).toBe(first);
  expect(sharedStore(here)).toBe(first);
});

test("whoever waits for a store is called once, also when it is there already", () => {
  const here = new EventTarget();
  const found: SharedStore[] = [];
  whenShared((one) => found.push(one), here);
  whenShared((one) => found.push(one), here)();
  expect(found).toEqual([]);
  const offered = offerStore(store, here);
  whenShared((one) => found.push(one), here);
  expect(found).toEqual([offered, offered]);
});

test("two copies of the modules find the same store", async () => {
  const here = new EventTarget();
  const offered = offerStore(store, here);
  vi.resetModules();
  const other = await import("../../src/store/shared");
  expect(other.offerStore).not.toBe(offerStore);
  expect(other.sharedStore(here)).toBe(offered);
});

test("the acts of elements go to the store, those that it does not take go up", () => {
  const performed: Act[] = [];
  const target = new EventTarget();
  const stop = performActsOf(target, store(performed), (act) => act.act !== "choose");
  const send = (act: Act) => target.dispatchEvent(new CustomEvent(ACT_EVENT, { detail: act }));
  send({ act: "close", sessionId: "A" });
  send({ act: "choose" });
  stop();
  send({ act: "retry" });
  expect(performed).toEqual([{ act: "close", sessionId: "A" }]);
});
