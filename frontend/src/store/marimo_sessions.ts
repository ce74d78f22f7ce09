/** Has marimo serve a file: by the session that does so already, else by a new one. */

import { type Call, SESSIONS } from "../api/client";
import { readMe } from "../api/reading";
import { MARIMO_FILE_KEY, MARIMO_MODE_KEY, readId, readPage, type SessionPage } from "../api/reading_sessions";
import type { Act } from "../model/acts";
import { sessionOfFile } from "../model/marimo";
import type { Session } from "../model/types";
import type { PageSource } from "./page_source";

type Start = Extract<Act, { act: "startMarimo" }>;

interface Needs {
  readonly call: Call;
  readonly source: PageSource;
}

const LIVE = ["pending", "active", "idle"] as const;

/** A file that marimo serves in the same mode gets no second session: two would write over each other's changes.

    @returns the session's id. */
export async function serveByMarimo({ path, mode, config }: Start, needs: Needs): Promise<string> {
  const known = sessionOfFile(await liveMarimo(needs), path, mode);
  if (known) {
    return known.id;
  }
  const made = await needs.call("POST", SESSIONS, {
    body: {
      endpointType: "marimo",
      metadata: { [MARIMO_FILE_KEY]: path, [MARIMO_MODE_KEY]: mode },
      ...(config === undefined ? {} : { workloadConfigId: config }),
    },
  });
  needs.source.put(made);
  return readId(made);
}

/** The server is asked: the page may know no session while no part of it shows them. */
async function liveMarimo({ call, source }: Needs): Promise<readonly Session[]> {
  const me = source.snapshot.me ?? readMe(await call("GET", "/me"));
  const ofStatus = async (status: (typeof LIVE)[number]): Promise<readonly Session[]> => {
    const found: Session[] = [];
    let marker: string | null = null;
    do {
      const query = { endpoint_type: "marimo", status, marker } as const;
      const page: SessionPage = readPage(await call("GET", SESSIONS, { query }), me.id);
      found.push(...page.sessions);
      marker = page.marker;
    } while (marker !== null);
    return found;
  };
  return (await Promise.all(LIVE.map(ofStatus))).flat();
}
