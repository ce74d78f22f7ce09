/** The icons of our elements as JupyterLab's: they take the color of its own icons in each theme. */

import { LabIcon } from "@jupyterlab/ui-components";
import { icons } from "@lakesail/notebook-ui";

type Shape = typeof icons.sail;

const known = new Map<Shape, LabIcon>();

export function labIcon(shape: Shape): LabIcon {
  const found = known.get(shape);
  if (found) {
    return found;
  }
  const made = new LabIcon({
    name: `lakesail:icon-${known.size}`,
    svgstr: drawing(shape, "var(--jp-inverse-layout-color3)", 16),
  });
  known.set(shape, made);
  return made;
}

/** The sail by a name that the settings' schema can give. */
export const sailIcon = new LabIcon({
  name: "lakesail:sail",
  svgstr: drawing(icons.sail, "var(--jp-inverse-layout-color3)", 16),
});

/** For cards of the launcher, which take a picture by its address and no icon. */
export const sailPicture = picture(icons.sail, "#0097a7");
export const mossPicture = picture(icons.moss, "#2e8b57");

function picture(shape: Shape, color: string): string {
  return `data:image/svg+xml,${encodeURIComponent(drawing(shape, color, 52))}`;
}

/** Shapes are templates without values, so their text is the drawing. */
function drawing(shape: Shape, color: string, size: number): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" width="${size}" height="${size}">` +
    `<g fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round" ` +
    `style="color:${color}">${shape.strings.join("")}</g></svg>`
  );
}
