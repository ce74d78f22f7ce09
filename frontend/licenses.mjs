/** The licenses of what is bundled, in the form that JupyterLab's builder writes. */

import { readFile, readdir } from "node:fs/promises";
import { join, resolve } from "node:path";

/** The packages of these input files, by the names that esbuild's metafile gives them.

    @param known packages that somebody else has listed. */
export async function licenses(inputs, known = []) {
  const folders = new Set(
    inputs.map((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter(Boolean),
  );
  const found = await Promise.all([...folders].map((folder) => license(resolve(folder))));
  const packages = new Map([...known, ...found].map((one) => [one.name, one]));
  const sorted = [...packages.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  return JSON.stringify({ packages: sorted }, null, 2);
}

async function license(folder) {
  const { name, version, license: licenseId } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).find((candidate) => /^licen[cs]e/i.test(candidate));
  if (!file) {
    throw new Error(`${name} carries no license text, so it cannot be bundled.`);
  }
  return { name, versionInfo: version, licenseId, extractedText: await readFile(join(folder, file), "utf8") };
}
