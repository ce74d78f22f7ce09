/** Names in a line with dots between. Each is set apart, so that none changes the direction of the others. */

import type { TemplateResult } from "lit";

import { bdi } from "./templates";

export function namesLine(names: readonly string[]): (string | TemplateResult)[] {
  return names.flatMap((name, index) => (index ? [" · ", bdi(name)] : [bdi(name)]));
}
