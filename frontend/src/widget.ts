/** The panel in a cell: an anywidget module. */

import type { RenderProps } from "@anywidget/types";

export default {
  render({ el }: RenderProps): void {
    el.setAttribute("data-lm-suppress-shortcuts", "true");
  },
};
