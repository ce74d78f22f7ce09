/** The source of a panel in a cell: the kernel, through the model of the widget. The kernel reads the API while a view
    is open, and does what people ask for; this side says that it is there, and what it looks at. */

import { Fields } from "../api/fields";
import { silence } from "../api/problems";
import { type Act, subjectOf } from "../model/acts";
import type { ActState, Snapshot, Topic } from "../model/snapshot";
import type { Notebook } from "../model/types";
import { widgetStrings } from "../strings/widget";
import { isOfKernel, notebookOf, notesOf, type Parts, snapshotOf } from "./kernel_parts";
import type { Source } from "./source";
import type { Clock } from "./surroundings";

/** What is used of an anywidget model. */
export interface KernelModel {
  /** @throws when the kernel is not connected any more. */
  send(content: unknown): void;
  on(event: string, listener: (told: unknown) => void): void;
  off(event: string, listener: (told: unknown) => void): void;
  get(name: string): unknown;
}

/** A kernel that is free answers within this time. */
const BUSY_AFTER = 1000;
const GONE_AFTER = 5000;
/** An element that moves in the page leaves it for a moment. */
const LINGERS = 1000;

export class ModelSource implements Source {
  snapshot: Snapshot = snapshotOf({}, 0);
  private parts: Parts = {};
  private skewMs = 0;
  private frozen = false;
  /** Of acts that did not reach the kernel. */
  private lost: Readonly<Record<string, ActState>> = {};
  private readonly listeners = new Set<() => void>();
  private readonly watched = new Map<string, { topic: Topic; count: number }>();
  /** Acts that the kernel has not heard of yet. */
  private readonly waiting = new Map<string, { readonly act: Act; readonly forget: () => void }>();
  private open = false;
  private answered = false;
  private telling = false;
  private cancelClose: (() => void) | null = null;
  private cancelGone: (() => void) | null = null;

  /** @param view an id of this view, which no other one has. */
  constructor(
    private readonly model: KernelModel,
    private readonly clock: Clock,
    private readonly view: string,
  ) {
    // What the kernel knew when it displayed the panel, or told last, stands there until it answers.
    const picture = new Fields<{ now: unknown; parts: unknown }>(model.get("_picture"));
    this.parts = picture.object("parts") ?? {};
    this.snapshot = { ...snapshotOf(this.parts, 0), link: "loading" };
    model.on("msg:custom", this.heard);
    model.on("comm_live_update", this.lives);
  }

  get notebook(): Notebook {
    return notebookOf(this.parts, this.frozen);
  }

  get notes(): readonly string[] {
    return notesOf(this.parts);
  }

  /** Whether the kernel is gone, as far as it is known. */
  get gone(): boolean {
    return this.frozen;
  }

  subscribe(listener: () => void): () => void {
    const called = (): void => listener();
    this.listeners.add(called);
    this.cancelClose?.();
    this.cancelClose = null;
    if (!this.open) {
      this.open = true;
      this.tellView();
    }
    return () => {
      if (this.listeners.delete(called) && this.listeners.size === 0) {
        this.cancelClose = this.clock.after(LINGERS, () => this.close());
      }
    };
  }

  watch(topic: Topic): () => void {
    const key = JSON.stringify(topic);
    const count = (this.watched.get(key)?.count ?? 0) + 1;
    this.watched.set(key, { topic, count });
    this.tellTopics();
    let stopped = false;
    return () => {
      const left = (this.watched.get(key)?.count ?? 1) - 1;
      if (stopped) {
        return;
      }
      stopped = true;
      if (left) {
        this.watched.set(key, { topic, count: left });
      } else {
        this.watched.delete(key);
      }
      this.tellTopics();
    };
  }

  /** The view is closed for good, or the page is. */
  dispose(): void {
    this.cancelClose?.();
    this.close();
    this.giveUp();
    this.model.off("msg:custom", this.heard);
    this.model.off("comm_live_update", this.lives);
  }

  /** Has the kernel do an act. A kernel that does not hear at once is busy: the act is given up, so that it is not done
      when nobody expects it any more. */
  perform(act: Act): void {
    const subject = act.act === "dismiss" ? act.subject : subjectOf(act);
    this.publish(without(this.lost, subject));
    const id = crypto.randomUUID();
    const forget = this.clock.after(BUSY_AFTER, () => {
      this.waiting.delete(id);
      if (act.act !== "dismiss") {
        this.fail(act);
      }
    });
    this.waiting.set(id, { act, forget });
    this.say({ type: "ready", id });
  }

  private close(): void {
    this.cancelGone?.();
    this.cancelGone = null;
    if (this.open) {
      this.open = false;
      this.say({ type: "closed", view: this.view });
    }
  }

  private readonly heard = (message: unknown): void => {
    const told = new Fields<{ type: unknown; id: unknown; now: unknown; parts: unknown }>(message);
    this.cancelGone?.();
    this.cancelGone = null;
    this.frozen = false;
    switch (told.text("type")) {
      case "parts":
        this.skewMs = (told.number("now") ?? this.clock.now()) - this.clock.now();
        this.parts = { ...this.parts, ...told.object("parts") };
        this.answered = true;
        break;
      case "ready": {
        this.kernelIsReady(told.text("id") ?? "");
        break;
      }
      case "present":
        this.tellView();
    }
    this.publish();
  };

  private kernelIsReady(id: string): void {
    const waiting = this.waiting.get(id);
    if (waiting) {
      waiting.forget();
      this.waiting.delete(id);
      this.say({ type: "act", id, act: waiting.act });
    }
  }

  /** The connection to the kernel has ended, or begun anew: which of them is seen by asking. */
  private readonly lives = (): void => {
    this.freeze();
    this.answered = false;
    this.tellView();
  };

  /** Topics change one after the other as elements come and go; the kernel is told once. */
  private tellTopics(): void {
    if (!this.telling) {
      this.telling = true;
      queueMicrotask(() => {
        this.telling = false;
        this.tellView();
      });
    }
  }

  private tellView(): void {
    if (!this.open) {
      return;
    }
    const topics = [...this.watched.values()].map(({ topic }) => topic).filter(isOfKernel);
    if (this.say({ type: "view", view: this.view, topics }) && !this.answered) {
      this.cancelGone ??= this.clock.after(GONE_AFTER, () => this.freeze());
    }
  }

  /** @returns whether it could be sent. */
  private say(message: unknown): boolean {
    try {
      this.model.send(message);
      return true;
    } catch {
      this.freeze();
      return false;
    }
  }

  private freeze(): void {
    this.frozen = true;
    this.giveUp();
    this.publish();
  }

  private giveUp(): void {
    this.waiting.forEach(({ forget }) => forget());
    this.waiting.clear();
  }

  private fail(act: Act): void {
    const problem = { ...silence(null), code: "KERNEL", message: widgetStrings.kernelBusy };
    const since = this.clock.now() + this.skewMs;
    const state: ActState = { act, phase: "failed", since, problem, failures: {} };
    this.publish({ ...this.lost, [subjectOf(act)]: state });
    this.cancelGone ??= this.clock.after(GONE_AFTER - BUSY_AFTER, () => this.freeze());
  }

  private publish(lost = this.lost): void {
    this.lost = lost;
    const told = snapshotOf(this.parts, this.skewMs);
    const acts = { ...told.acts, ...lost };
    // Until the kernel has answered, the parts are what it knew earlier.
    const link = this.frozen ? "frozen" : this.answered ? told.link : "loading";
    this.snapshot = { ...told, acts, link, retryAt: this.frozen ? null : told.retryAt };
    this.listeners.forEach((listener) => listener());
  }
}

function without<T>(states: Readonly<Record<string, T>>, subject: string): Readonly<Record<string, T>> {
  const { [subject]: _, ...others } = states;
  return others;
}
