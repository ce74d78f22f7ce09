/** Menus of the elements. The element says what stands in the menu; the host draws it (JupyterLab has menus of its
    own), or the element does where no host takes it. */

import type { SVGTemplateResult } from "lit";

export interface MenuItem {
  readonly label: string;
  readonly shape?: SVGTemplateResult;
  /** The key that does the same on the row: `Enter`, `Space`, `Del`. */
  readonly key?: string;
  readonly disabled?: boolean;
  /** Sends an act, or asks in place first. */
  readonly run: () => void;
}

/** Groups, with a line between two. */
export type Menu = readonly (readonly MenuItem[])[];

export interface MenuRequest {
  readonly menu: Menu;
  /** In CSS pixels of the window: the pointer, or below the button. */
  readonly x: number;
  readonly y: number;
  /** Called when the menu is gone, whatever was chosen: the element takes the focus back. */
  readonly closed: () => void;
}

export const MENU_EVENT = "sail-menu";

/** @returns whether the host draws the menu. If not, the element draws it. */
export function hostDraws(element: HTMLElement, request: MenuRequest): boolean {
  const event = new CustomEvent<MenuRequest>(MENU_EVENT, {
    detail: request,
    bubbles: true,
    composed: true,
    cancelable: true,
  });
  return !element.dispatchEvent(event);
}
