import { describe, expect, test } from "vitest";

import { makeActs } from "../../src/store/acts";
import { ME, openPage, problem, row, type Row } from "./fakes";

const PATH = "reports/flights.py";
const START = { act: "startMarimo", path: PATH, mode: "edit" } as const;
const SUBJECT = `marimo:edit:${PATH}`;
const POST = "POST /workloads/sessions";

function marimoRow(id: string, changes: Partial<Row> = {}): Row {
  const metadata = { "lakesail/marimo-file": PATH, "lakesail/marimo-mode": "edit" };
  return row(id, { endpointType: "marimo", metadata, ...changes });
}

async function acting(...rows: Row[]) {
  const opened = await openPage(...rows);
  const { source, server, clock } = opened;
  const perform = makeActs({ source, requester: server.requester, clock, host: { perform: () => undefined } });
  server.answers.set(POST, { status: 201, json: marimoRow("NEW", { status: "pending" }) });
  server.requests.length = 0;
  const posted = () => server.requests.filter(({ verb }) => verb === "POST");
  return { ...opened, perform, posted, state: () => source.snapshot.acts[SUBJECT] };
}

describe("a file that marimo is to serve", () => {
  test("gets a session of the default config, which the list shows at once", async () => {
    const { source, server, perform, posted, state } = await acting(row("A"));
    await perform(START);
    expect(state()).toMatchObject({ phase: "done", made: "NEW" });
    expect(posted()).toEqual([
      {
        verb: "POST",
        path: "/workloads/sessions",
        body: {
          endpointType: "marimo",
          metadata: { "lakesail/marimo-file": PATH, "lakesail/marimo-mode": "edit" },
        },
      },
    ]);
    expect(server.requests[0]?.path).toBe("/workloads/sessions?endpoint_type=marimo&status=pending");
    expect(source.snapshot.sessions.items?.map(({ id }) => id)).toContain("NEW");
  });

  test("gets one of the config that was picked", async () => {
    const { perform, posted } = await acting();
    await perform({ ...START, mode: "run", config: "large" });
    expect(posted()[0]?.body).toMatchObject({
      workloadConfigId: "large",
      metadata: { "lakesail/marimo-mode": "run" },
    });
  });

  test("gets no second one while one lives, on whatever page of the list it is", async () => {
    const { server, perform, posted, state } = await acting(row("A"), marimoRow("OLD"), row("B"));
    server.pageSize = 1;
    await perform(START);
    expect(state()).toMatchObject({ phase: "done", made: "OLD" });
    expect(posted()).toEqual([]);
  });

  test.each([
    ["has ended", { status: "closed" }],
    ["is somebody else's", { memberId: "M2" }],
    ["is of kernels", { endpointType: "spark_connect" }],
    ["serves another file", { metadata: { "lakesail/marimo-file": "other.py" } }],
  ])("gets one of its own beside one that %s", async (_, changes) => {
    const { perform, state } = await acting(marimoRow("OTHER", changes));
    await perform(START);
    expect(state()?.made).toBe("NEW");
  });

  test("that the server refuses says why", async () => {
    const { server, perform, state } = await acting();
    server.answers.set(POST, problem(412, "FAILED_PRECONDITION", "Install marimo there."));
    await perform(START);
    expect(state()).toMatchObject({ phase: "failed", problem: { message: "Install marimo there." } });
  });

  test("is asked for once by two clicks", async () => {
    const { perform, posted } = await acting();
    await Promise.all([perform(START), perform(START)]);
    expect(posted()).toHaveLength(1);
  });

  test("on a page that knows nobody yet is found for who asks", async () => {
    const { source, server, perform, state } = await acting(marimoRow("OLD"));
    source.update({ me: null });
    await perform(START);
    expect(server.requests.map(({ path }) => path)).toContain("/me");
    expect(state()?.made).toBe("OLD");
  });
});

test("a page learns from /me whether marimo is started", async () => {
  const features = [...ME.features, "marimo_sessions"];
  const told = async (changes: Record<string, unknown>) => {
    const { source, server, clock } = await openPage();
    server.me = { ...ME, ...changes };
    source.retry();
    await clock.pass(100);
    return source.snapshot.me?.marimo;
  };
  expect(await told({})).toBeNull();
  expect(await told({ features })).toEqual({ available: false, reason: null });
  expect(await told({ features, marimo: { available: true, reason: null } })).toEqual({
    available: true,
    reason: null,
  });
  expect(await told({ features, marimo: { available: false, reason: "No." } })).toEqual({
    available: false,
    reason: "No.",
  });
});
