/** Bundles the page of fixtures: `npm run fixtures`, or `npm run fixtures -- FOLDER`. Open its `index.html`. */

import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { build } from "esbuild";

const folder = process.argv[2] ?? "../build/fixtures";
const PAGE = `<!doctype html>
<html lang="en">
  <meta charset="utf-8" />
  <title>States of the elements</title>
  <link rel="icon" href="data:," />
  <link rel="stylesheet" href="page.css" />
  <body class="jp-light">
    <script src="page.js"></script>
  </body>
</html>
`;

const files = (await readdir("fixtures/states")).filter((name) => name.endsWith(".ts")).sort();
const imports = files.map((name, number) => `import * as states${number} from "./states/${name.slice(0, -3)}";`);
const entry = `
import { startPage } from "./page";
${imports.join("\n")}
void startPage([${files.map((_, number) => `states${number}`).join(", ")}]);
`;
await build({
  stdin: { contents: entry, resolveDir: "fixtures", sourcefile: "entry.ts", loader: "ts" },
  outfile: join(folder, "page.js"),
  bundle: true,
  format: "iife",
  target: "es2022",
  sourcemap: "inline",
});
await mkdir(folder, { recursive: true });
await writeFile(join(folder, "index.html"), PAGE);
