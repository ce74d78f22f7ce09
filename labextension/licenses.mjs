/** Completes the list of licenses that JupyterLab's builder writes: it misses packages whose modules it concatenates. */

import { readFile, writeFile } from "node:fs/promises";

import { build } from "esbuild";

import { licenses } from "../frontend/licenses.mjs";

const LIST = "../lakesail_notebook/labextension/static/third-party-licenses.json";

const { metafile } = await build({
  entryPoints: ["lib/index.js"],
  bundle: true,
  format: "esm",
  write: false,
  metafile: true,
  // JupyterLab shares these; they are not in the bundle.
  external: ["@jupyterlab/*", "@lumino/*"],
});
const listed = JSON.parse(await readFile(LIST, "utf8")).packages;
const others = listed.filter(({ name }) => !name.startsWith("@lakesail/"));
await writeFile(LIST, await licenses(Object.keys(metafile.inputs), others));
