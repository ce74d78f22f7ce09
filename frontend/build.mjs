/** Bundles the widget for notebooks into the Python package. */

import { build } from "esbuild";

const production = process.argv.includes("--production");

await build({
  entryPoints: { panel: "src/widget.ts" },
  outdir: "../lakesail_notebook/static",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: production,
  sourcemap: production ? false : "inline",
  legalComments: "none",
});
