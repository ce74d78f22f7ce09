/** What stands in place of the API's own sentence, when it says none. */

export const apiStrings = {
  serverSilent: "The server does not answer.",
  serverForeign: "Something else than lakesail-notebook answers here (HTTP {status}).",
  serverWithoutUs: "This server has no lakesail-notebook.",
  serverRefuses: "The server refuses this (HTTP {status}).",
} as const;
