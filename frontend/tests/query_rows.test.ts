import { expect, test } from "vitest";

import { NOW, loaded, snapshot } from "../fixtures/data";
import { acting, query, running } from "../fixtures/states/queries";
import { disobeys, OBEYS_WITHIN, queryRows } from "../src/model/query_rows";
import type { Snapshot } from "../src/model/snapshot";

const ID = "7QK2M9ZC4T";

function rows(queries: Parameters<typeof query>[0][], acts: Snapshot["acts"] = {}) {
  return queryRows(snapshot({ queries: { [ID]: loaded(queries.map(query)) }, acts }), ID);
}

test("the latest query stands first", () => {
  const order = rows([
    { id: "A", startedAt: 1 },
    { id: "B", startedAt: 3 },
    { id: "C", startedAt: 2 },
  ]);
  expect(order.map((row) => row.query.id)).toEqual(["B", "C", "A"]);
});

test("an interrupt counts for the query that it names, or for all that began before it", () => {
  const one = acting({ act: "interrupt", sessionId: ID, queryId: "Q4" });
  const all = acting({ act: "interrupt", sessionId: ID });
  const queries = [running, { ...running, id: "Q5" }, { ...running, id: "Q6", startedAt: NOW - 1000 }];
  expect(rows(queries, one).map(({ askedAt: at }) => at)).toEqual([null, NOW - 4000, null]);
  expect(rows(queries, all).map(({ askedAt: at }) => at)).toEqual([null, NOW - 4000, NOW - 4000]);
  const refused = acting({ act: "interrupt", sessionId: ID }, { phase: "failed" });
  expect(rows(queries, refused).some(({ askedAt: at }) => at !== null)).toBe(false);
});

test("an engine disobeys when it works on after its time, and until somebody lets it run", () => {
  const asked = rows([running], acting({ act: "interrupt", sessionId: ID }, { since: NOW }));
  expect(disobeys(asked, NOW + OBEYS_WITHIN - 1, new Set())).toBeNull();
  expect(disobeys(asked, NOW + OBEYS_WITHIN, new Set())?.query.id).toBe("Q4");
  expect(disobeys(asked, NOW + OBEYS_WITHIN, new Set(["Q4"]))).toBeNull();
});

test("a cancelled query works while the engine is busy with it", () => {
  const [busy] = rows([{ outcome: "cancelled", engineBusy: true }]);
  const [unknown] = rows([{ outcome: "cancelled", engineBusy: null }]);
  expect([busy?.works, busy?.askedAt, unknown?.works, unknown?.askedAt]).toEqual([true, 0, false, null]);
});
