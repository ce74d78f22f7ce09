/** Drags rows of sessions and configs into notebooks, where they become connect cells, and into editors, as text. */

import type { NotebookPanel } from "@jupyterlab/notebook";
import { connectCall, type ConnectChoice, connectLine, rowBelow, type RowTarget } from "@lakesail/notebook-ui";
import { MimeData, UUID } from "@lumino/coreutils";
import { Drag } from "@lumino/dragdrop";

const CELLS = "application/vnd.jupyter.cells";
/** The pointer moves so far before a press becomes a drag. */
const THRESHOLD = 5;

/** Notebooks take drags of Lumino alone, so rows start one from pointer events. */
export function dragRowsOf(node: HTMLElement, panels: () => readonly NotebookPanel[]): void {
  node.addEventListener("pointerdown", (press) => {
    const target = press.button === 0 && !onControl(press) ? rowBelow(press) : null;
    if (target) {
      followPointer(press, (move) => void drag(target, move, panels));
    }
  });
  // Without this a second drag becomes one of the browser, and pointer events stop.
  node.addEventListener("dragstart", (event) => event.preventDefault());
}

function onControl(event: Event): boolean {
  return event
    .composedPath()
    .some((target) => target instanceof Element && target.matches("button, input, select, a, label"));
}

function followPointer(press: PointerEvent, start: (move: PointerEvent) => void): void {
  const stop = (): void => {
    document.removeEventListener("pointermove", onMove, true);
    document.removeEventListener("pointerup", stop, true);
    document.removeEventListener("pointercancel", stop, true);
  };
  const onMove = (move: PointerEvent): void => {
    if (Math.hypot(move.clientX - press.clientX, move.clientY - press.clientY) >= THRESHOLD) {
      stop();
      start(move);
    }
  };
  document.addEventListener("pointermove", onMove, true);
  document.addEventListener("pointerup", stop, true);
  document.addEventListener("pointercancel", stop, true);
}

async function drag(target: RowTarget, move: PointerEvent, panels: () => readonly NotebookPanel[]): Promise<void> {
  const choice: ConnectChoice = target.sessionId ? { sessionId: target.sessionId } : { config: target.configName };
  const id = UUID.uuid4();
  const mimeData = new MimeData();
  mimeData.setData(CELLS, [
    {
      cell_type: "code",
      id,
      source: connectLine(choice),
      metadata: { trusted: true },
      outputs: [],
      execution_count: null,
    },
  ]);
  mimeData.setData("text/plain", connectCall(choice));
  const dragging = new Drag({
    mimeData,
    dragImage: imageOf(target),
    supportedActions: "copy",
    proposedAction: "copy",
    source: target.row,
  });
  if ((await dragging.start(move.clientX, move.clientY)) === "copy") {
    panels().forEach((panel) => activateCell(panel, id));
  }
}

/** The row's mark and name. The mark takes its color along, since it leaves the row's styles. */
function imageOf({ row, label }: RowTarget): HTMLElement {
  const image = document.createElement("div");
  image.className = "lsn-DragImage jp-ThemedContainer";
  const mark = row.querySelector("svg");
  if (mark) {
    const copy = mark.cloneNode(true) as SVGElement;
    copy.style.color = getComputedStyle(mark).color;
    image.append(copy);
  }
  image.append(Object.assign(document.createElement("bdi"), { textContent: label }));
  return image;
}

/** Lab activates the cell before the dropped one, so that Shift+Enter would run that. */
function activateCell({ content }: NotebookPanel, id: string): void {
  const index = content.model?.sharedModel.cells.findIndex((cell) => cell.id === id) ?? -1;
  if (index >= 0) {
    content.deselectAll();
    content.activeCellIndex = index;
  }
}
