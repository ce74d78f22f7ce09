/** A page's store and a real server, without a browser. tests/integration/test_page_store.py bundles it and runs it with
    the server's base URL and token; it writes what it saw as one JSON object. */

import { makeClient, SESSIONS } from "../../src/api/client";
import { fetchRequester } from "../../src/api/fetch_requester";
import type { Snapshot } from "../../src/model/snapshot";
import { makePageStore } from "../../src/store/page_store";
import { socketBase, socketOpener } from "../../src/store/surroundings";

declare const process: { readonly argv: readonly string[]; exit(code: number): never };

const DEADLINE = 60_000;
const [base = "", token = ""] = process.argv.slice(2);

let requests = 0;
const counted: typeof fetch = (input, init) => {
  requests++;
  return fetch(input, init);
};
const store = makePageStore({
  requester: fetchRequester(base, { token, xsrf: () => null }, counted),
  openSocket: socketOpener(socketBase(base, base), token),
  host: { perform: () => Promise.reject(new Error("Nobody asks the host here.")) },
  visibility: { hidden: false, onChange: () => () => undefined },
});
const { source } = store;
const otherTab = makeClient({
  requester: fetchRequester(base, { token, xsrf: () => null }),
  serverNow: () => Date.now(),
});

/** When the page shows something, in milliseconds from now. */
function shows(what: string, holds: (snapshot: Snapshot) => unknown): Promise<number> {
  const since = performance.now();
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      reject(new Error(`The page does not show ${what}: ${JSON.stringify(source.snapshot)}`));
    }, DEADLINE);
    const look = (): void => {
      if (holds(source.snapshot)) {
        clearTimeout(late);
        stop();
        resolve(performance.now() - since);
      }
    };
    const stop = source.subscribe(look);
    queueMicrotask(look);
  });
}

const idOf = (json: unknown): string => (json as { id: string }).id;

async function seen(): Promise<Record<string, unknown>> {
  source.subscribe(() => undefined);
  await shows("that it is in step", ({ link }) => link === "live");
  const requestsOfFirstLook = requests;

  const config = idOf(await otherTab("POST", "/workloads/compute-configs", { body: { name: "of another tab" } }));
  const configAfter = await shows("the config", ({ configs }) => configs.items?.some(({ id }) => id === config));
  await store.perform({ act: "saveConfig", configId: config, body: { name: 7 } });
  const wrongField = source.snapshot.acts[`form:${config}`]?.problem?.errors[0]?.pointer;
  await store.perform({ act: "saveConfig", configId: config, body: { name: "renamed" } });
  const renamed = source.snapshot.configs.items?.find(({ id }) => id === config)?.name;

  const session = idOf(await otherTab("POST", SESSIONS, { body: { name: "flights" } }));
  const live = (snapshot: Snapshot) => snapshot.sessions.items?.find(({ id }) => id === session);
  const sessionAfter = await shows("the session", live);
  const mine = live(source.snapshot)?.mine;
  await shows("that it is ready", (snapshot) => live(snapshot)?.ready);
  const stops = (["queries", "log"] as const).map((topic) => source.watch({ topic, sessionId: session }));
  await shows("queries", ({ queries }) => queries[session]?.items);
  await shows("the log", ({ logs }) => logs[session]?.items);
  stops.forEach((stop) => stop());

  await store.perform({ act: "keep", sessionId: session, seconds: 3600 });
  const kept = source.snapshot.acts[`session:${session}`]?.phase;
  await store.perform({ act: "close", sessionId: session });
  const ended = source.snapshot.ended?.items?.find(({ id }) => id === session)?.terminationReason;
  return { requestsOfFirstLook, configAfter, wrongField, renamed, sessionAfter, mine, kept, ended };
}

seen().then(
  (found) => {
    console.log(JSON.stringify(found));
    process.exit(0);
  },
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
