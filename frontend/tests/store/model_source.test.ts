import { describe, expect, it } from "vitest";

import type { Act } from "../../src/model/acts";
import type { Topic } from "../../src/model/snapshot";
import { type KernelModel, ModelSource } from "../../src/store/model_source";
import { sessionOfNotebook } from "../../src/model/notebook_session";
import { PanelSource } from "../../src/store/panel_source";
import { PictureSource } from "../../src/store/picture_source";
import type { SharedStore } from "../../src/store/shared";
import { english } from "../../src/strings";
import { FakeClock, settled, START } from "./fakes";

type Message = Readonly<Record<string, unknown>>;

/** A model whose kernel is the test. */
class FakeModel implements KernelModel {
  readonly sent: Message[] = [];
  dead = false;
  picture: unknown = {};
  private readonly listeners = new Map<string, (told: unknown) => void>();

  send(content: unknown): void {
    if (this.dead) {
      throw new Error("Cannot send");
    }
    this.sent.push(content as Message);
  }

  on(event: string, listener: (told: unknown) => void): void {
    this.listeners.set(event, listener);
  }

  off(event: string): void {
    this.listeners.delete(event);
  }

  get(name: string): unknown {
    return name === "_picture" ? this.picture : undefined;
  }

  tell(message: Message): void {
    this.listeners.get("msg:custom")?.(message);
  }

  told(parts: Message): void {
    this.tell({ type: "parts", now: START, parts });
  }

  signal(event: string): void {
    this.listeners.get(event)?.(undefined);
  }

  kinds(): unknown[] {
    return this.sent.map(({ type }) => type);
  }
}

const close: Act = { act: "close", sessionId: "S1" };
const connect: Act = { act: "connect", choice: {} };
const queries: Topic = { topic: "queries", sessionId: "S1" };

function session(id: string, status: string): Message {
  return { id, status, memberId: "M1", createdAt: "2026-11-28T08:00:00Z", metadata: { "lakesail/kernel": "K1" } };
}

function told(...sessions: Message[]): Message {
  return {
    link: { link: "live", problem: null, asOf: START, retryAt: null },
    me: { memberId: "M1", kernelId: "K1", notebookPath: "deep/flights-eda.ipynb" },
    sessions: { answer: { total: sessions.length, items: [], included: { sessions } }, problem: null, asOf: START },
  };
}

function rig() {
  const [model, clock] = [new FakeModel(), new FakeClock()];
  const source = new ModelSource(model, clock, "view");
  return { model, clock, source };
}

function openRig() {
  const made = rig();
  made.source.subscribe(() => undefined);
  made.model.told(told(session("S1", "active")));
  return made;
}

describe("the source of a panel", () => {
  it("tells the kernel that a view is open while somebody listens, and that it is closed", async () => {
    const { model, clock, source } = rig();
    expect(model.sent).toEqual([]);
    const stop = source.subscribe(() => undefined);
    expect(model.sent).toEqual([{ type: "view", view: "view", topics: [] }]);
    stop();
    await clock.pass(2000);
    expect(model.sent[1]).toEqual({ type: "closed", view: "view" });
  });

  it("keeps the view open while an element moves in the page", async () => {
    const { model, clock, source } = rig();
    source.subscribe(() => undefined)();
    source.subscribe(() => undefined);
    await clock.pass(2000);
    expect(model.kinds()).toEqual(["view"]);
  });

  it("names the topics once, however often they are watched at a time", async () => {
    const { model, source } = openRig();
    const stops = [source.watch(queries), source.watch(queries)];
    await settled();
    expect(model.sent.slice(1)).toEqual([{ type: "view", view: "view", topics: [queries] }]);
    stops[0]?.();
    stops[0]?.();
    await settled();
    expect(model.sent.at(-1), "one still watches").toEqual({ type: "view", view: "view", topics: [queries] });
    stops[1]?.();
    await settled();
    expect(model.sent.at(-1)).toEqual({ type: "view", view: "view", topics: [] });
  });

  it("answers a roll call", () => {
    const { model } = openRig();
    model.tell({ type: "present" });
    expect(model.kinds()).toEqual(["view", "view"]);
  });

  it("reads what the API tells, and puts sessions that are over apart", () => {
    const { model, source } = openRig();
    model.told(told(session("S1", "active"), session("S2", "closed")));
    expect(source.snapshot.link).toBe("live");
    expect(source.snapshot.sessions.items?.map(({ id }) => id)).toEqual(["S1"]);
    expect(source.snapshot.sessions.items?.[0]?.mine).toBe(true);
    expect(source.snapshot.ended?.items?.map(({ id }) => id)).toEqual(["S2"]);
    expect(source.notebook).toMatchObject({ name: "flights-eda", kernel: { id: "K1", state: "idle" } });
  });

  it("knows the kernel's clock", () => {
    const { model, source } = openRig();
    model.tell({ type: "parts", now: START + 5000, parts: {} });
    expect(source.snapshot.skewMs).toBe(5000);
  });

  it("shows the picture that came with the widget until the kernel answers", () => {
    const model = new FakeModel();
    model.picture = { parts: told(session("S1", "idle")) };
    const source = new ModelSource(model, new FakeClock(), "view");
    expect(source.snapshot.link).toBe("loading");
    expect(source.snapshot.sessions.items?.map(({ id }) => id)).toEqual(["S1"]);
    source.perform(close);
    expect(source.snapshot.link).toBe("loading");
  });

  it("finds the session of a kernel that has no id", () => {
    const { model, source } = openRig();
    const { me: _, ...others } = told({ ...session("S1", "active"), metadata: {} });
    model.told({ ...others, me: { memberId: "M1" }, notebook: { sessionId: "S1" } });
    expect(source.snapshot.sessions.items?.[0]?.usedBy).toEqual([source.notebook.kernel.id]);
  });

  it("has temp views of sessions that the kernel knows, and none where it does not tell", () => {
    const { model, source } = openRig();
    expect(source.notebook.kernel.tempViews).toBeNull();
    model.told({ notebook: { known: true, tempViews: ["flights"] } });
    expect(source.notebook.kernel.tempViews).toEqual(["flights"]);
  });
});

describe("an act in a panel", () => {
  it("goes to the kernel once that says that it hears", async () => {
    const { model, clock, source } = openRig();
    source.perform(close);
    const { id } = model.sent[1] as { id: string };
    expect(model.sent[1]).toEqual({ type: "ready", id });
    model.tell({ type: "ready", id });
    expect(model.sent[2]).toEqual({ type: "act", id, act: close });
    await clock.pass(2000);
    expect(source.snapshot.acts).toEqual({});
  });

  it("is given up within a second when the kernel is busy, and not done later", async () => {
    const { model, clock, source } = openRig();
    source.perform(close);
    const { id } = model.sent[1] as { id: string };
    await clock.pass(1000);
    expect(source.snapshot.acts["session:S1"]).toMatchObject({ phase: "failed" });
    expect(source.snapshot.acts["session:S1"]?.problem?.message).toBe(english("kernelBusy"));
    model.tell({ type: "ready", id });
    expect(model.kinds()).not.toContain("act");
  });

  it("forgets that it failed when it is asked for again or dismissed", async () => {
    const { clock, source } = openRig();
    source.perform(close);
    await clock.pass(1000);
    source.perform({ act: "dismiss", subject: "session:S1" });
    expect(source.snapshot.acts).toEqual({});
  });

  it("has the state that the kernel tells", () => {
    const { model, source } = openRig();
    const state = { act: connect, phase: "running", since: START, problem: null, failures: {} };
    model.told({ acts: { connect: state }, connecting: { connecting: "waiting" } });
    expect(source.snapshot.acts["connect"]).toEqual(state);
    expect(source.notebook.connecting).toBe("waiting");
  });
});

describe("a panel whose kernel is gone", () => {
  it("freezes when a message cannot be sent", () => {
    const { model, source } = openRig();
    model.dead = true;
    source.perform(close);
    expect(source.snapshot.link).toBe("frozen");
    expect(source.notebook.kernel.state).toBe("gone");
  });

  it("freezes when the connection ends, and goes on when a kernel answers", () => {
    const { model, source } = openRig();
    model.signal("comm_live_update");
    expect(source.snapshot.link).toBe("frozen");
    model.told({});
    expect(source.snapshot.link).toBe("live");
  });

  it("freezes when nobody answers for five seconds", async () => {
    const { model, clock, source } = rig();
    source.subscribe(() => undefined);
    await clock.pass(4999);
    expect(source.snapshot.link).toBe("loading");
    await clock.pass(1);
    expect(source.snapshot.link).toBe("frozen");
    model.told(told());
    expect(source.snapshot.link).toBe("live");
  });

  it("freezes when an act is not heard for five seconds", async () => {
    const { clock, source } = openRig();
    source.perform(close);
    await clock.pass(4999);
    expect(source.snapshot.link).toBe("live");
    await clock.pass(1);
    expect(source.snapshot.link).toBe("frozen");
  });
});

describe("a panel on a page with a store", () => {
  function shared(link: "live" | "stale" = "live") {
    const { source: page } = openRig();
    const listeners = new Set<() => void>();
    const watched: Topic[] = [];
    const source = {
      snapshot: { ...page.snapshot, link },
      subscribe: (listener: () => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      watch: (topic: Topic) => {
        watched.push(topic);
        return () => watched.pop();
      },
    };
    const store: SharedStore = { version: 1, source, perform: () => Promise.resolve() };
    return { store, listeners, watched };
  }

  it("shows what the page knows, and is still a view of the kernel's", () => {
    const { model, source: kernel } = rig();
    const { store, listeners, watched } = shared();
    const panel = new PanelSource(kernel);
    const stop = panel.subscribe(() => undefined);
    panel.watch(queries);
    panel.use(store);
    expect(panel.snapshot.sessions.items?.map(({ id }) => id)).toEqual(["S1"]);
    expect(model.kinds()).toContain("view");
    expect(watched).toEqual([queries]);
    stop();
    expect(listeners.size).toBe(0);
  });

  it("has the acts of both", () => {
    const { model, source: kernel } = rig();
    const panel = new PanelSource(kernel);
    panel.subscribe(() => undefined);
    panel.use(shared().store);
    const state = { act: connect, phase: "running", since: START, problem: null, failures: {} };
    model.told({ acts: { connect: state } });
    expect(panel.snapshot.acts["connect"]).toEqual(state);
  });

  it("is frozen when the kernel is gone, though the page goes on", () => {
    const { model, source: kernel } = openRig();
    const panel = new PanelSource(kernel);
    panel.subscribe(() => undefined);
    panel.use(shared().store);
    model.dead = true;
    kernel.perform(connect);
    expect(panel.snapshot.link).toBe("frozen");
  });
});

describe("the picture of a saved notebook", () => {
  it("is frozen, and counts queries that it does not hold", () => {
    const parts = { ...told(session("S1", "active")), "queries:S1": { total: 14 }, notebook: { sessionId: "S1" } };
    const source = new PictureSource({ version: "0.1.0", parts });
    expect(source.snapshot.link).toBe("frozen");
    expect(source.snapshot.queries["S1"]).toMatchObject({ items: null, total: 14 });
    expect(sessionOfNotebook(source.snapshot, source.notebook)?.id).toBe("S1");
  });

  it.each([null, "text", [], { parts: 7 }, { parts: { sessions: { answer: [] } } }])(
    "shows nothing for %j, which is none",
    (json) => {
      const source = new PictureSource(json);
      expect(source.snapshot.sessions.items ?? []).toEqual([]);
    },
  );
});
