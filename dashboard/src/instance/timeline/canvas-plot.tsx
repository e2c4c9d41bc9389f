import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { BarStatus } from "../model/wire.ts";
import { isSelected, type PlotProps } from "./svg-plot.tsx";

const STATUSES: readonly BarStatus[] = ["running", "retrying", "waiting", "completed", "failed", "canceled", "left"];

/** The same shapes in one picture, for more of them than a document bears. The stylesheet's colours are read from samples of it. */
export function CanvasPlot({ shapes, view, selected }: PlotProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const samples = useRef<HTMLDivElement>(null);
  const scheme = useScheme();
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (canvas.current === null || context === null || context === undefined || samples.current === null) return;
    const ratio = devicePixelRatio || 1;
    canvas.current.width = Math.round(view.viewWidth * ratio);
    canvas.current.height = Math.round(view.viewHeight * ratio);
    context.scale(ratio, ratio);
    const colours = coloursOf(samples.current);
    for (const shape of shapes) {
      const { x, y, width, height, what, status } = shape;
      context.fillStyle = colours.get(status) ?? "currentcolor";
      context.globalAlpha = what === "pause" || what === "wait" ? 0.6 : 1;
      context.beginPath();
      if (what === "moment") {
        const [middle, half] = [y + height / 2, height / 2];
        context.moveTo(x, middle - half);
        context.lineTo(x + half, middle);
        context.lineTo(x, middle + half);
        context.lineTo(x - half, middle);
      } else {
        context.roundRect(x, y, width, height, Math.min(3, width / 2));
      }
      context.fill();
      if (!isSelected(shape, selected)) continue;
      context.globalAlpha = 1;
      context.strokeStyle = colours.get("selected") ?? "currentcolor";
      context.lineWidth = 2;
      context.strokeRect(x - 2, y - 2, width + 4, height + 4);
    }
  }, [shapes, view.viewWidth, view.viewHeight, selected, scheme]);
  return (
    <>
      <canvas
        ref={canvas}
        class="timeline-bars"
        style={{ width: `${view.viewWidth}px`, height: `${view.viewHeight}px` }}
      />
      <div ref={samples} class="timeline-samples" aria-hidden="true">
        {STATUSES.map((status) => (
          <i key={status} class="timeline-sample" data-status={status} />
        ))}
        <i class="timeline-sample" data-status="selected" />
      </div>
    </>
  );
}

function coloursOf(samples: HTMLElement): Map<string, string> {
  return new Map(
    [...samples.children].map((one) => [one.getAttribute("data-status") ?? "", getComputedStyle(one).color]),
  );
}

/** Light or dark: a change of it paints anew. */
function useScheme(): boolean {
  const [isDark, setDark] = useState(() => matchMedia("(prefers-color-scheme: dark)").matches);
  useLayoutEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const changed = () => setDark(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, []);
  return isDark;
}
