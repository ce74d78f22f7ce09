import { describe, expect, test } from "vitest";

import { makeClient, problemFrom, type Requester } from "../../src/api/client";
import { fetchRequester } from "../../src/api/fetch_requester";
import { socketBase, socketOpener } from "../../src/store/surroundings";

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

function sending(response: () => Response = () => Response.json({ id: "A" })) {
  const sent: Sent[] = [];
  const send: typeof fetch = (url, init) => {
    sent.push({ url: String(url), init: init ?? {} });
    return Promise.resolve(response());
  };
  return { sent, send };
}

const clientOf = (requester: Requester) => makeClient({ requester, serverNow: () => 1_000_000 });

async function failure(requester: Requester) {
  return clientOf(requester)("GET", "/me").then(
    () => expect.unreachable(),
    (error: unknown) => problemFrom(error),
  );
}

const answering = (status: number, body: string, headers: Record<string, string> = {}) =>
  fetchRequester("/", { xsrf: () => null }, sending(() => new Response(body, { status, headers })).send);

describe("a request", () => {
  test.each(["/a%20b/", "/user/x%40y/", "http://127.0.0.1:8888/user/x%40y/"])(
    "keeps the escapes of the base URL %s",
    async (base) => {
      const { sent, send } = sending();
      await clientOf(fetchRequester(base, {}, send))("GET", "/workloads/sessions/{session}", {
        path: { session: "A" },
      });
      expect(sent[0]?.url).toBe(`${base}lakesail/api/v1/workloads/sessions/A`);
    },
  );

  test("escapes what stands in its path and query, and leaves out what is null", async () => {
    const { sent, send } = sending();
    const client = clientOf(fetchRequester("/", { xsrf: () => null }, send));
    await client("PATCH", "/workloads/compute-configs/{workloadConfig}", {
      path: { workloadConfig: "a/b c" },
      body: {},
    });
    await client("GET", "/workloads/sessions", { query: { status: "idle", marker: null } });
    expect(sent.map(({ url }) => url)).toEqual([
      "/lakesail/api/v1/workloads/compute-configs/a%2Fb%20c",
      "/lakesail/api/v1/workloads/sessions?status=idle",
    ]);
  });

  test("that changes something carries the XSRF cookie; one that reads does not", async () => {
    const { sent, send } = sending();
    const client = clientOf(fetchRequester("/", { xsrf: () => "2|abc" }, send));
    await client("POST", "/workloads/compute-configs", { body: { name: "small" } });
    await client("GET", "/me");
    expect(sent[0]?.init).toMatchObject({
      method: "POST",
      body: '{"name":"small"}',
      headers: { "X-XSRFToken": "2|abc", "Content-Type": "application/json" },
    });
    expect(sent[1]?.init.headers).toEqual({});
  });

  test("carries the token of a page without a cookie", async () => {
    const { sent, send } = sending();
    await clientOf(fetchRequester("/", { token: "T" }, send))("GET", "/me");
    expect(sent[0]?.init.headers).toEqual({ Authorization: "token T" });
  });
});

describe("the socket", () => {
  test("keeps the escapes of the base URL", () => {
    expect(socketBase("/user/x%40y/", "https://hub.example/user/x%40y/lab")).toBe("wss://hub.example/user/x%40y/");
    expect(socketBase("/a%20b/", "http://127.0.0.1:8888/a%20b/lab")).toBe("ws://127.0.0.1:8888/a%20b/");
  });

  test("has the token in its address only where there is no cookie", () => {
    const urls: string[] = [];
    class Kind extends EventTarget {
      constructor(url: string) {
        super();
        urls.push(url);
      }
    }
    const listener = { opened: () => undefined, told: () => undefined, closed: () => undefined };
    const kind = Kind as unknown as typeof WebSocket;
    socketOpener("ws://h/a%20b/", null, kind)("?after=3", listener);
    socketOpener("ws://h/", "T&", kind)("", listener);
    expect(urls).toEqual([
      "ws://h/a%20b/lakesail/api/v1/events/ws?after=3",
      "ws://h/lakesail/api/v1/events/ws?token=T%26",
    ]);
  });
});

describe("a problem", () => {
  test("of the API has its code, sentence, fields and request", async () => {
    const body = {
      code: "INVALID_ARGUMENT",
      message: "The name is taken.",
      requestId: "r1",
      errors: [{ pointer: "/name", message: "is taken" }, { pointer: 3 }],
    };
    expect(await failure(answering(400, JSON.stringify(body)))).toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "The name is taken.",
      status: 400,
      requestId: "r1",
      errors: [{ pointer: "/name", message: "is taken" }],
    });
  });

  test("says when another try may succeed, by seconds in the document or by Retry-After", async () => {
    const exhausted = (more: object) => JSON.stringify({ code: "RESOURCE_EXHAUSTED", message: "Later.", ...more });
    const date = new Date(1_020_000).toUTCString();
    expect((await failure(answering(429, exhausted({ retryAfterSeconds: 14 })))).retryAt).toBe(1_014_000);
    expect((await failure(answering(429, exhausted({}), { "Retry-After": "7" }))).retryAt).toBe(1_007_000);
    expect((await failure(answering(429, exhausted({}), { "Retry-After": date }))).retryAt).toBe(1_020_000);
    expect((await failure(answering(429, exhausted({}), { "Retry-After": "soon" }))).retryAt).toBeNull();
    expect((await failure(answering(429, exhausted({})))).retryAt).toBeNull();
  });

  test("is a silent server when nobody answers, or a proxy does for it", async () => {
    const nobody: Requester = () => Promise.reject(new TypeError("Failed to fetch"));
    expect(await failure(nobody)).toMatchObject({ code: "UNREACHABLE", status: null });
    expect(await failure(answering(502, "<html>Bad Gateway</html>"))).toMatchObject({
      code: "UNREACHABLE",
      status: 502,
    });
    expect(await failure(answering(503, "<html>"))).toMatchObject({ code: "UNREACHABLE" });
  });

  test("is somebody else's when the answer is not the API's", async () => {
    expect(await failure(answering(404, "<html>Not Found</html>"))).toMatchObject({ code: "FOREIGN", status: 404 });
    expect(await failure(answering(403, '{"message": "Forbidden", "reason": null}'))).toMatchObject({
      code: "FOREIGN",
      status: 403,
    });
    expect(await failure(answering(200, "<html>Log in</html>"))).toMatchObject({ code: "FOREIGN", status: 200 });
  });

  test("never shows another server's markup", async () => {
    const told = await failure(answering(500, "<img src=x onerror=alert(1)>"));
    expect(JSON.stringify(told)).not.toContain("<img");
  });
});

test("an answer without a body is no failure", async () => {
  const requester = fetchRequester("/", { xsrf: () => null }, sending(() => new Response(null, { status: 204 })).send);
  expect(
    await clientOf(requester)("DELETE", "/workloads/sessions/{session}", { path: { session: "A" } }),
  ).toBeUndefined();
});
