/** Requests and the event socket by JupyterLab's own connection, which knows the base URL, the token and the XSRF
    cookie of each kind of server. */

import { ServerConnection } from "@jupyterlab/services";
import { API_PATH, jsonOf, type OpenSocket, type Requester, socketOpener } from "@lakesail/notebook-ui";

/** @param settings of the server that the notebooks are on. */
export function labRequester(settings: ServerConnection.ISettings): Requester {
  return async (verb, path, body, signal) => {
    // With `no-store`, JupyterLab puts a number into the query, which the API refuses. Its answers say `no-store` anyway.
    const init: RequestInit = { method: verb, signal, cache: "default" };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
      init.headers = { "Content-Type": "application/json" };
    }
    const response = await ServerConnection.makeRequest(settings.baseUrl + API_PATH + path, init, settings);
    return { status: response.status, headers: response.headers, json: await jsonOf(response) };
  };
}

/** The cookie is enough on the same origin; elsewhere JupyterLab puts the token into the address. */
export function labSocketOpener(settings: ServerConnection.ISettings): OpenSocket {
  return socketOpener(settings.wsUrl, settings.appendToken ? settings.token : null, settings.WebSocket);
}
