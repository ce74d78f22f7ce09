/** Writes src/api/generated.ts from the API's OpenAPI document. With --check it only compares, and fails on a
    difference. The Python that knows the API is $PYTHON, or .venv/bin/python at the root of the repository. */

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import openapiTS, { astToString } from "openapi-typescript";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const target = join(here, "src", "api", "generated.ts");
const python = process.env.PYTHON ?? join(root, ".venv", "bin", "python");
const heading = "// Written by `npm run types` from the API's OpenAPI document. Do not edit it.\n\n";

const written = execFileSync(python, [join(root, "scripts", "openapi.py")], {
  cwd: root,
  encoding: "utf-8",
  maxBuffer: 64 * 1024 * 1024,
});
const types = heading + astToString(await openapiTS(JSON.parse(written)));

if (!process.argv.includes("--check")) {
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, types);
} else if (types !== readOr(target, "")) {
  console.error("frontend/src/api/generated.ts is not what the API is now. Run `npm run types` and commit it.");
  process.exitCode = 1;
}

function readOr(path, otherwise) {
  try {
    return readFileSync(path, "utf-8");
  } catch {
    return otherwise;
  }
}
