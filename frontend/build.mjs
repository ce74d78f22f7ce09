/** Makes what others bundle or load: minifies the styles of `lib/`, bundles the widget into the Python package, and
    writes the licenses of what it bundles. */

import { readFile, readdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { build, transform } from "esbuild";

const production = process.argv.includes("--production");
const STATIC = "../lakesail_notebook/static";

if (production) {
  await minifyStyles("lib/styles");
}
const bundled = await build({
  // The compiled files, whose styles are minified; the sources need no other step.
  entryPoints: { panel: "lib/widget.js" },
  outdir: STATIC,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: production,
  sourcemap: production ? false : "inline",
  legalComments: "none",
  metafile: true,
});
await writeFile(join(STATIC, "third-party-licenses.json"), await licenses(Object.keys(bundled.metafile.inputs)));

/** Minifies each `css` template that has no expression in it. */
async function minifyStyles(folder) {
  for (const name of (await readdir(folder)).filter((file) => file.endsWith(".js"))) {
    const path = join(folder, name);
    const text = await readFile(path, "utf8");
    const templates = [...text.matchAll(/css`([^`$]*)`/g)];
    let minified = text;
    for (const [whole, rules] of templates) {
      const { code } = await transform(rules, { loader: "css", minify: true });
      minified = minified.replace(whole, () => `css\`${code.trim().replaceAll("\\", "\\\\")}\``);
    }
    await writeFile(path, minified);
  }
}

/** The packages of these input files, with their licenses, in the form that JupyterLab's builder writes. */
async function licenses(inputs) {
  const folders = new Set(
    inputs.map((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter(Boolean),
  );
  const packages = await Promise.all([...folders].sort().map((folder) => license(resolve(folder))));
  return JSON.stringify({ packages }, null, 2);
}

async function license(folder) {
  const { name, version, license: licenseId } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).find((candidate) => /^licen[cs]e/i.test(candidate));
  if (!file) {
    throw new Error(`${name} carries no license text, so it cannot be bundled.`);
  }
  return { name, versionInfo: version, licenseId, extractedText: await readFile(join(folder, file), "utf8") };
}
