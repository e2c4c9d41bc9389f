import type { Shape, View } from "../model/shapes.ts";
import { noteOf, type Selection } from "./chart.tsx";

export interface PlotProps {
  readonly shapes: readonly Shape[];
  readonly view: View;
  readonly selected: Selection | undefined;
  readonly nowMs: number;
}

export function isSelected({ bar, of }: Shape, selected: Selection | undefined): boolean {
  return selected !== undefined && bar.position === selected.position && of === selected.of;
}

/** Every bar an element, which the stylesheet paints. */
export function SvgPlot({ shapes, view, selected, nowMs }: PlotProps) {
  const alone = rowsWithOneBar(shapes);
  return (
    <svg class="timeline-bars" width={view.viewWidth} height={view.viewHeight} aria-hidden="true">
      {shapes.map((shape, n) => (
        <Bar key={n} shape={shape} isSelected={isSelected(shape, selected)} />
      ))}
      {shapes.map((shape) => {
        const note = shape.isLast && alone.has(shape.row) ? noteOf(shape.bar, nowMs) : "";
        if (note === "") return null;
        const [x, y] = [shape.x + shape.width + 6, shape.y + shape.height / 2 + 4];
        return (
          <text key={`note ${shape.row}`} class="timeline-note" data-status={shape.bar.status} x={x} y={y}>
            {note}
          </text>
        );
      })}
    </svg>
  );
}

/** Only there is room behind it. */
function rowsWithOneBar(shapes: readonly Shape[]): Set<number> {
  const found = new Map<number, Shape["bar"] | undefined>();
  for (const { row, bar } of shapes) found.set(row, found.has(row) && found.get(row) !== bar ? undefined : bar);
  return new Set([...found].flatMap(([row, bar]) => (bar === undefined ? [] : [row])));
}

function Bar({ shape, isSelected }: { shape: Shape; isSelected: boolean }) {
  const { x, y, width, height, what, status } = shape;
  const common = { class: "timeline-bar", "data-what": what, "data-status": status, "data-selected": isSelected };
  if (what === "moment") {
    const [middle, half] = [y + height / 2, height / 2];
    return (
      <path
        {...common}
        d={`M${x} ${middle - half}L${x + half} ${middle}L${x} ${middle + half}L${x - half} ${middle}Z`}
      />
    );
  }
  return <rect {...common} x={x} y={y} width={width} height={height} rx={what === "run" ? 3 : 2} />;
}
