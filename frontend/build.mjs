/** Makes what others bundle or load: minifies the styles of `lib/`, bundles the widget into the Python package, and
    writes the licenses of what it bundles. */

import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { build, transform } from "esbuild";
import ts from "typescript";

import { licenses } from "./licenses.mjs";

const production = process.argv.includes("--production");
const STATIC = "../lakesail_notebook/static";

if (production) {
  await forEachScript("lib", minifyTemplates);
}
const bundled = await build({
  // The compiled files, whose styles are minified; the sources need no other step.
  // A widget sends `panel.js` to the page; the kernel sends `elements.js` to pages that have no elements.
  entryPoints: { panel: "lib/widget.js", elements: "lib/elements/panel.js" },
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

async function forEachScript(folder, change) {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && entry.name.endsWith(".js")) {
      const path = join(entry.parentPath, entry.name);
      const text = await readFile(path, "utf8");
      const changed = await change(text);
      if (changed !== text) {
        await writeFile(path, changed);
      }
    }
  }
}

/** Minifies each `css` template without an expression, and folds the line breaks of each `html` and `svg` template. */
async function minifyTemplates(text) {
  const file = ts.createSourceFile("script.js", text, ts.ScriptTarget.ES2022, true);
  const pieces = [];
  const visit = (node) => {
    if (ts.isTaggedTemplateExpression(node) && ts.isIdentifier(node.tag)) {
      const { text: tag } = node.tag;
      if (tag === "css" && ts.isNoSubstitutionTemplateLiteral(node.template)) {
        pieces.push({ node: node.template, kind: "css" });
      } else if (["html", "svg"].includes(tag)) {
        const { template } = node;
        const parts = ts.isNoSubstitutionTemplateLiteral(template)
          ? [template]
          : [template.head, ...template.templateSpans.map((span) => span.literal)];
        pieces.push(...parts.map((part) => ({ node: part, kind: "markup" })));
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  let changed = text;
  for (const { node, kind } of pieces.sort((one, other) => other.node.getStart() - one.node.getStart())) {
    const whole = node.getText();
    changed = changed.slice(0, node.getStart()) + (await minified(whole, kind)) + changed.slice(node.getEnd());
  }
  return changed;
}

async function minified(literal, kind) {
  if (kind === "markup") {
    return literal.replace(/\s*\n\s*/g, " ");
  }
  const { code } = await transform(literal.slice(1, -1), { loader: "css", minify: true });
  return `\`${code.trim().replaceAll("\\", "\\\\")}\``;
}
