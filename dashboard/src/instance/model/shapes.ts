import type { Axis } from "./axis.ts";
import type { Bar } from "./bars.ts";
import { type Row, type Segment, segmentsOf } from "./layout.ts";

/*
 * What of a timeline is in view, in pixels: SVG and canvas draw the same.
 */

/** Of the plot, without the labels. `left` and `top`: how far it is scrolled; `width`: of the whole axis. */
export interface View {
  readonly left: number;
  readonly top: number;
  readonly viewWidth: number;
  readonly viewHeight: number;
  readonly width: number;
  readonly rowHeight: number;
}

export interface Shape {
  readonly row: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly what: Segment["what"];
  readonly status: Segment["status"];
  readonly bar: Bar;
  readonly of: string | undefined;
  /** It ends the bar: what is told of it stands behind. */
  readonly isLast: boolean;
}

/** Narrower than this, nobody sees or hits it. */
const NARROWEST = 4;

/** The first and the row behind the last that can be seen. */
export function rowsInView({ top, viewHeight, rowHeight }: View, count: number): { first: number; end: number } {
  const first = Math.max(0, Math.floor(top / rowHeight) - 2);
  return { first, end: Math.min(count, Math.ceil((top + viewHeight) / rowHeight) + 2) };
}

/** What is in view. Of bars so narrow that they stand on one another, one is drawn for each status. */
export function shapesOf(
  rows: readonly Row[],
  axis: Axis,
  view: View,
  nowMs: number,
  waits: ReadonlyMap<Bar, number> = new Map(),
): Shape[] {
  const shapes: Shape[] = [];
  const { first, end } = rowsInView(view, rows.length);
  for (let n = first; n < end; n++) {
    const row = rows[n] as Row;
    const last: Partial<Record<Segment["status"], number>> = {};
    for (const bar of row.bars) {
      const segments = segmentsOf(bar, axis, nowMs, waits.get(bar));
      for (const [at, { from, to, what, status }] of segments.entries()) {
        const x = from * view.width - view.left;
        const width = Math.max((to - from) * view.width, what === "moment" ? 0 : NARROWEST);
        if (x + width < -20 || x > view.viewWidth + 20) continue;
        if (row.bars.length > 1 && width <= NARROWEST && x - (last[status] ?? -9) < 1) continue;
        last[status] = x;
        const height = what === "run" ? view.rowHeight - 8 : what === "moment" ? view.rowHeight - 10 : 6;
        const y = n * view.rowHeight - view.top + (view.rowHeight - height) / 2;
        shapes.push({ row: n, x, y, width, height, what, status, bar, of: row.of, isLast: at === segments.length - 1 });
      }
    }
  }
  return shapes;
}

/** The nearest to a point, in its row. */
export function shapeAt(shapes: readonly Shape[], row: number, x: number): Shape | undefined {
  const distance = (shape: Shape) => Math.max(shape.x - x, x - shape.x - shape.width, 0);
  const inRow = shapes.filter((shape) => shape.row === row);
  const nearest = inRow.reduce<Shape | undefined>(
    (best, shape) => (best === undefined || distance(shape) < distance(best) ? shape : best),
    undefined,
  );
  return nearest !== undefined && (distance(nearest) < 12 || nearest.bar === inRow[0]?.bar) ? nearest : undefined;
}
