/** Sentences for failures that the API has no sentence for. */

export const apiStrings = {
  serverSilent: "The server does not answer.",
  serverForeign: "Something other than lakesail-notebook answers here (HTTP {status}).",
  serverWithoutUs: "This server has no lakesail-notebook.",
  serverRefuses: "The server refuses this (HTTP {status}).",
} as const;
