import type { RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { formatDuration } from "../../app/times.ts";
import { Icon, type IconName } from "../../parts/icon.tsx";
import { type Axis, placeAt, ticksOf, timeAt } from "../model/axis.ts";
import type { Bar } from "../model/bars.ts";
import { kindOf, type Row } from "../model/layout.ts";
import { rowsInView, type Shape, shapeAt, shapesOf, type View } from "../model/shapes.ts";
import type { BarKind } from "../model/wire.ts";
import { BranchTag } from "../parts.tsx";
import { CanvasPlot } from "./canvas-plot.tsx";
import { SvgPlot } from "./svg-plot.tsx";

/*
 * The bars in a box that scrolls: what is drawn is only what is in view, and it stands still in the box while the box scrolls below it. SVG as long
 * as the bars are few, a canvas above. For those who do not see it, a table has the same (table.tsx).
 */

/** Above so many bars, a canvas. */
const MOST_IN_SVG = 2_000;
const AXIS_HEIGHT = 28;
const MAX_ZOOM = 4_096;

export interface Selection {
  readonly position: number;
  /** The instance, where it is a child that is opened. */
  readonly of: string | undefined;
}

interface Props {
  readonly rows: readonly Row[];
  readonly barCount: number;
  readonly axis: Axis;
  readonly nowMs: number;
  readonly rowHeight: number;
  /** Since when an event was waited for. */
  readonly waits: ReadonlyMap<Bar, number>;
  readonly selected: Selection | undefined;
  /** Where time travel is, as a line. */
  readonly cursorMs?: number | undefined;
  readonly isOpened: (childId: string) => boolean;
  readonly onOpen: (childId: string) => void;
  readonly onSelect: (selection: Selection | undefined) => void;
}

export function Chart(props: Props) {
  const { rows, barCount, axis, nowMs, rowHeight, selected, onSelect } = props;
  const box = useRef<HTMLDivElement>(null);
  const { width: boxWidth, height: boxHeight } = useSize(box);
  const [scroll, setScroll] = useState({ left: 0, top: 0 });
  const [zoom, setZoomed] = useState(1);
  const labelWidth = boxWidth < 560 ? Math.max(88, Math.round(boxWidth * 0.32)) : 230;
  const viewWidth = Math.max(0, boxWidth - labelWidth);
  const plotHeight = Math.max(0, boxHeight - AXIS_HEIGHT);
  // The last bar has room for what is told behind it.
  const width = Math.max(40, viewWidth * zoom - Math.min(120, viewWidth * 0.18));
  const view: View = { ...scroll, viewWidth, viewHeight: plotHeight, width, rowHeight };
  const shapes = useMemo(
    () => (viewWidth === 0 ? [] : shapesOf(rows, axis, view, nowMs, props.waits)),
    [rows, axis, nowMs, props.waits, scroll.left, scroll.top, viewWidth, plotHeight, width, rowHeight],
  );
  const [hovered, setHovered] = useState<Shape | undefined>(undefined);

  /** What is in the middle, or at the pointer, stays there. */
  const setZoom = (next: number, atX = viewWidth / 2) => {
    const bounded = Math.min(MAX_ZOOM, Math.max(1, next));
    const left = Math.max(0, ((scroll.left + atX) / zoom) * bounded - atX);
    setZoomed(bounded);
    requestAnimationFrame(() => box.current?.scrollTo({ left }));
  };
  const reveal = (row: number) => {
    const element = box.current;
    if (element === null) return;
    const top = row * rowHeight;
    if (top < element.scrollTop) element.scrollTo({ top });
    else if (top + rowHeight > element.scrollTop + plotHeight) element.scrollTo({ top: top + rowHeight - plotHeight });
  };
  const select = (row: number, bar: Bar) => {
    onSelect({ position: bar.position, of: rows[row]?.of });
    reveal(row);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target !== event.currentTarget) return;
    const act = keyAction(event.key, rows, selected);
    if (act === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (act.type === "select") select(act.row, act.bar);
    if (act.type === "clear") onSelect(undefined);
    if (act.type === "zoom") setZoom(act.by === 0 ? 1 : zoom * act.by);
    if (act.type === "open") {
      const childId = rows[act.row]?.childId;
      if (childId !== undefined) props.onOpen(childId);
      else document.getElementById("bar-details")?.focus();
    }
  };
  const rowAt = (event: MouseEvent) => {
    const rect = box.current?.getBoundingClientRect();
    if (rect === undefined) return { row: -1, x: 0 };
    const row = Math.floor((event.clientY - rect.top - AXIS_HEIGHT + scroll.top) / rowHeight);
    return { row, x: event.clientX - rect.left - labelWidth };
  };
  const onClick = (event: MouseEvent) => {
    const { row, x } = rowAt(event);
    const found = shapeAt(shapes, row, x);
    if (found !== undefined) select(found.row, found.bar);
  };
  const onPointerMove = (event: PointerEvent) => {
    const { row, x } = rowAt(event);
    setHovered(shapeAt(shapes, row, x));
  };
  const onWheel = (event: WheelEvent) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    setZoom(zoom * (event.deltaY < 0 ? 1.25 : 0.8), rowAt(event).x);
  };
  const { first, end } = rowsInView(view, rows.length);
  const Plot = barCount > MOST_IN_SVG ? CanvasPlot : SvgPlot;
  return (
    <div class="timeline-chart">
      <div class="timeline-zoom">
        <button
          type="button"
          class="button-icon"
          aria-label="Zoom out"
          disabled={zoom <= 1}
          onClick={() => setZoom(zoom / 2)}
        >
          <Icon name="zoom-out" />
        </button>
        <button type="button" class="button-small" disabled={zoom <= 1} onClick={() => setZoom(1)}>
          Fit
        </button>
        <button
          type="button"
          class="button-icon"
          aria-label="Zoom in"
          disabled={zoom >= MAX_ZOOM}
          onClick={() => setZoom(zoom * 2)}
        >
          <Icon name="zoom-in" />
        </button>
      </div>
      <section
        ref={box}
        class="timeline-box"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and arrows move in it
        tabIndex={0}
        aria-label="Timeline. Arrows select a bar, Enter goes to its details, plus and minus zoom. The button Table shows the same as a table."
        style={{
          height: `${Math.min(rows.length * rowHeight + AXIS_HEIGHT + 18, Math.max(220, innerHeight * 0.6))}px`,
        }}
        onScroll={(event) => {
          const { scrollLeft: left, scrollTop: top } = event.currentTarget;
          setScroll({ left, top });
        }}
        onKeyDown={onKeyDown}
        onWheel={onWheel}
      >
        <div
          class="timeline-room"
          style={{
            width: `${labelWidth + Math.max(viewWidth, viewWidth * zoom)}px`,
            height: `${rows.length * rowHeight + AXIS_HEIGHT}px`,
          }}
        >
          <div class="timeline-view" style={{ width: `${boxWidth}px`, height: `${boxHeight}px` }}>
            <AxisView axis={axis} view={view} labelWidth={labelWidth} />
            <div class="timeline-labels" style={{ width: `${labelWidth}px`, height: `${plotHeight}px` }}>
              {rows.slice(first, end).map((row, n) => (
                <Label
                  key={row.key}
                  row={row}
                  top={(first + n) * rowHeight - scroll.top}
                  height={rowHeight}
                  isSelected={isOf(row, selected)}
                  isOpened={row.childId !== undefined && props.isOpened(row.childId)}
                  onOpen={props.onOpen}
                  onSelect={() => row.bars[0] !== undefined && select(first + n, row.bars[0])}
                />
              ))}
            </div>
            {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: keys are the box's */}
            <div
              class="timeline-plot"
              style={{ left: `${labelWidth}px`, width: `${viewWidth}px`, height: `${plotHeight}px` }}
              title={hovered && describe(hovered.bar, nowMs)}
              onClick={onClick}
              onPointerMove={onPointerMove}
              onPointerLeave={() => setHovered(undefined)}
            >
              <Grid axis={axis} view={view} cursorMs={props.cursorMs} />
              <Plot shapes={shapes} view={view} selected={selected} nowMs={nowMs} />
            </div>
          </div>
        </div>
      </section>
    </div>
  );
}

function useSize(box: RefObject<HTMLElement | null>): { width: number; height: number } {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return size;
}

type KeyAction =
  | { readonly type: "select"; readonly row: number; readonly bar: Bar }
  | { readonly type: "open"; readonly row: number }
  | { readonly type: "zoom"; readonly by: number }
  | { readonly type: "clear" };

function isOf({ bars, of }: Row, selected: Selection | undefined): boolean {
  return selected !== undefined && of === selected.of && bars.some(({ position }) => position === selected.position);
}

/** Up and down go from row to row, left and right from bar to bar within it. */
export function keyAction(key: string, rows: readonly Row[], selected: Selection | undefined): KeyAction | undefined {
  const zooms: Readonly<Record<string, number>> = { "+": 2, "=": 2, "-": 0.5, "0": 0 };
  const by = zooms[key];
  if (by !== undefined) return { type: "zoom", by };
  if (rows.length === 0) return undefined;
  const row = rows.findIndex((one) => isOf(one, selected));
  if (key === "Escape") return row === -1 ? undefined : { type: "clear" };
  if (key === "Enter") return row === -1 ? undefined : { type: "open", row };
  const bars = rows[row]?.bars ?? [];
  const at = bars.findIndex(({ position }) => position === selected?.position);
  const sideways = key === "ArrowLeft" ? at - 1 : key === "ArrowRight" ? at + 1 : undefined;
  if (sideways !== undefined && row !== -1) {
    const bar = bars[sideways];
    return bar === undefined ? undefined : { type: "select", row, bar };
  }
  const next = { ArrowUp: row - 1, ArrowDown: row + 1, Home: 0, End: rows.length - 1 }[key];
  const target = next === undefined ? undefined : rows[Math.max(0, next)];
  const bar = target?.bars[0];
  return bar === undefined ? undefined : { type: "select", row: Math.max(0, next as number), bar };
}

const KIND_ICONS: Readonly<Record<BarKind, IconName>> = {
  turn: "play",
  activity: "zap",
  child: "git-fork",
  timer: "timer",
  event: "send",
  update: "rotate-cw",
  pause: "pause",
  stall: "triangle-alert",
  cancel: "ban",
  terminate: "octagon-x",
  rewind: "undo-2",
  version: "git-branch",
  sent: "send",
  detached: "git-branch",
};

interface LabelProps {
  readonly row: Row;
  readonly top: number;
  readonly height: number;
  readonly isSelected: boolean;
  readonly isOpened: boolean;
  readonly onOpen: (childId: string) => void;
  readonly onSelect: () => void;
}

function Label({ row, top, height, isSelected, isOpened, onOpen, onSelect }: LabelProps) {
  const { label, kind, branch, depth, childId, count } = row;
  return (
    <div
      class="timeline-label"
      data-selected={isSelected}
      style={{ transform: `translateY(${top}px)`, height: `${height}px`, paddingLeft: `${8 + depth * 14}px` }}
    >
      {childId !== undefined && (
        <button
          type="button"
          class="timeline-open"
          aria-expanded={isOpened}
          aria-label={`${isOpened ? "Hide" : "Show"} what ${childId} does`}
          onClick={() => onOpen(childId)}
        >
          <Icon name={isOpened ? "chevron-down" : "chevron-right"} size={14} />
        </button>
      )}
      {label !== "" && (
        // biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: keys are the box's
        <span
          class="timeline-name"
          title={`${kindOf(kind)}: ${label}${branch === undefined ? "" : `\nin branch '${branch}'`}`}
          onClick={onSelect}
        >
          <Icon name={KIND_ICONS[kind]} size={13} />
          <span>{label}</span>
          {count !== undefined && count > 1 && <span class="quiet"> × {count.toLocaleString("en")}</span>}
          <BranchTag name={branch} />
        </span>
      )}
    </div>
  );
}

/** Times after the beginning, and how long the gaps are that take no room. */
function AxisView({ axis, view, labelWidth }: { axis: Axis; view: View; labelWidth: number }) {
  const shown = (place: number) => {
    const x = place * view.width - view.left;
    return x >= -2 && x <= view.viewWidth ? x : undefined;
  };
  return (
    <div class="timeline-axis" style={{ paddingLeft: `${labelWidth}px` }} aria-hidden="true">
      <div class="timeline-axis-plot">
        {ticksInView(axis, view).map(({ place, ms }) => {
          const x = shown(place);
          return x === undefined ? null : (
            <span key={ms} style={{ transform: `translateX(${x}px)` }}>
              {ms === axis.fromMs ? "0" : `+${formatDuration(ms - axis.fromMs)}`}
            </span>
          );
        })}
      </div>
    </div>
  );
}

function ticksInView(axis: Axis, view: View) {
  const [from, to] = [view.left / view.width, (view.left + view.viewWidth) / view.width];
  // Around what is in view alone, however far it is zoomed.
  const near = axis.pieces.filter((piece) => piece.to >= from && piece.from <= to);
  return ticksOf({ ...axis, pieces: near.map((piece) => clipped(piece, axis, from, to)) }, view.width);
}

function clipped(piece: Axis["pieces"][number], axis: Axis, from: number, to: number): Axis["pieces"][number] {
  if (piece.isCompressed) return piece;
  const [start, end] = [Math.max(piece.from, from), Math.min(piece.to, to)];
  return { ...piece, from: start, to: end, fromMs: timeAt(axis, start), toMs: timeAt(axis, end) };
}

/** A gap narrower than this has no mark: it would be nothing but marks. */
const NARROW_GAP = 6;
const GAP_WITH_TEXT = 46;

function Grid({ axis, view, cursorMs }: { axis: Axis; view: View; cursorMs: number | undefined }) {
  const ticks = ticksInView(axis, view);
  const gaps = axis.pieces.filter(
    ({ isCompressed, from, to }) => isCompressed && (to - from) * view.width > NARROW_GAP,
  );
  const at = (place: number) => place * view.width - view.left;
  return (
    <svg class="timeline-grid" width={view.viewWidth} height={view.viewHeight} aria-hidden="true">
      {gaps.map(({ from, to, fromMs, toMs }) => {
        const [x, width] = [at(from), (to - from) * view.width];
        if (x + width < 0 || x > view.viewWidth) return null;
        return (
          <g key={fromMs}>
            <rect class="timeline-gap" x={x} y={0} width={width} height={view.viewHeight} />
            {width > GAP_WITH_TEXT && (
              <text class="timeline-gap-text" x={x + width / 2} y={view.viewHeight - 6} text-anchor="middle">
                {formatDuration(toMs - fromMs)}
              </text>
            )}
          </g>
        );
      })}
      {ticks.map(({ place, ms }) => (
        <line key={ms} class="timeline-tick" x1={at(place)} x2={at(place)} y1={0} y2={view.viewHeight} />
      ))}
      {cursorMs !== undefined && (
        <line
          class="timeline-cursor"
          x1={at(placeAt(axis, cursorMs))}
          x2={at(placeAt(axis, cursorMs))}
          y1={0}
          y2={view.viewHeight}
        />
      )}
    </svg>
  );
}

/** All there is to say of a bar in a few lines. */
export function describe(bar: Bar, nowMs: number): string {
  const { kind, status, name = "", id, branch, scheduledMs, endedMs, errorType, attempts, dueMs, instanceId } = bar;
  const lines = [
    `${kindOf(kind)} ${name}${id === undefined ? "" : ` #${id}`}`,
    branch === undefined ? "" : `in branch '${branch}'`,
    instanceId ?? "",
    endedMs === undefined
      ? `${status}, for ${formatDuration(nowMs - scheduledMs)}`
      : `${status} after ${formatDuration(endedMs - scheduledMs)}`,
    errorType === undefined || status === "completed" ? "" : errorType,
    attempts === undefined ? "" : `${attempts.at(-1)?.attempt ?? attempts.length} attempts`,
    dueMs === undefined || endedMs !== undefined ? "" : `due ${new Date(dueMs).toLocaleString()}`,
  ];
  return lines.filter((line) => line !== "").join("\n");
}

/** What stands behind a bar: how long it took, and what has gone wrong. */
export function noteOf(bar: Bar, nowMs: number): string {
  const { kind, status, scheduledMs, endedMs, errorType, attempts, dueMs } = bar;
  if (
    kind !== "activity" &&
    kind !== "child" &&
    kind !== "timer" &&
    kind !== "update" &&
    kind !== "pause" &&
    kind !== "stall" &&
    status !== "waiting"
  )
    return "";
  const tries = attempts === undefined ? "" : `, attempt ${attempts.at(-1)?.attempt ?? attempts.length}`;
  if (status === "failed") return `✕ ${errorType ?? "failed"}${tries}`;
  if (status === "retrying") return `↻ ${errorType ?? ""}${tries}`;
  if (status === "canceled") return "called off";
  if (status === "left") return "left";
  if (status === "waiting" && dueMs !== undefined)
    return dueMs > nowMs ? `${formatDuration(dueMs - nowMs)} left` : "due";
  return `${formatDuration((endedMs ?? nowMs) - scheduledMs)}${tries}${status === "running" ? " …" : ""}`;
}
