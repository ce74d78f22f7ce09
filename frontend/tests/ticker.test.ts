import { expect, test } from "vitest";

import { Ticker, type Browser } from "../src/elements/ticker";

class FakeBrowser implements Browser {
  time = 1000;
  hidden = false;
  readonly timers = new Map<number, () => void>();
  private listener: () => void = () => undefined;

  now = () => this.time;
  isHidden = () => this.hidden;

  onVisibility(listener: () => void): void {
    this.listener = listener;
  }

  after(milliseconds: number, call: () => void): () => void {
    const at = this.time + milliseconds;
    this.timers.set(at, call);
    return () => this.timers.delete(at);
  }

  goTo(time: number): void {
    this.time = time;
    for (const [at, call] of [...this.timers]) {
      if (at <= time && this.timers.delete(at)) {
        call();
      }
    }
  }

  setHidden(hidden: boolean): void {
    this.hidden = hidden;
    this.listener();
  }
}

function started() {
  const browser = new FakeBrowser();
  const woken: string[] = [];
  const ticker = new Ticker(browser);
  const set = (who: object, at: number | null, name: string) => ticker.set(who, at, () => woken.push(name));
  return { browser, woken, set };
}

test("one timer stands for all, set to the next change", () => {
  const { browser, woken, set } = started();
  set({}, 5000, "late");
  set({}, 2000, "early");
  expect([...browser.timers.keys()]).toEqual([2000]);
  browser.goTo(2000);
  expect(woken).toEqual(["early"]);
  expect([...browser.timers.keys()]).toEqual([5000]);
});

test("no timer stands while nothing changes", () => {
  const { browser, set } = started();
  const who = {};
  set(who, 2000, "it");
  set(who, null, "it");
  expect(browser.timers.size).toBe(0);
});

test("a hidden page has no timer; shown again, what is due comes at once", () => {
  const { browser, woken, set } = started();
  set({}, 2000, "it");
  browser.setHidden(true);
  expect(browser.timers.size).toBe(0);
  browser.time = 9000;
  browser.setHidden(false);
  browser.goTo(9000);
  expect(woken).toEqual(["it"]);
});

test("a moment beyond what a timer can hold does not fire early", () => {
  const { browser, woken, set } = started();
  set({}, 2 ** 40, "it");
  browser.goTo(1000 + 2 ** 31);
  expect(woken).toEqual([]);
  expect(browser.timers.size).toBe(1);
});
