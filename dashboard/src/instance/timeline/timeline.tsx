import { useComputed } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { href, route, setQuery } from "../../app/router.ts";
import { now } from "../../app/times.ts";
import { messageOf } from "../../parts/failed.tsx";
import type { Feed } from "../feed.ts";
import { untilOf } from "../feed.ts";
import { axisOf, busyTimes } from "../model/axis.ts";
import type { Bar } from "../model/bars.ts";
import {
  type Arrangement,
  arrangementOf,
  awaitedBars,
  haveBranches,
  rowsOf,
  spanOf,
  waitsBefore,
} from "../model/layout.ts";
import { Card } from "../parts.tsx";
import { Chart, type Selection } from "./chart.tsx";
import { useChildren } from "./children.ts";
import { BarTable } from "./table.tsx";

const NO_BARS: readonly Bar[] = [];
const ROW_HEIGHT: Readonly<Record<Arrangement, number>> = { calls: 28, names: 24, branches: 28 };

/** The bar that is selected, from the address. */
export function selectionOf(query: URLSearchParams): Selection | undefined {
  const position = query.get("bar");
  return position === null ? undefined : { position: Number(position), of: query.get("of") ?? undefined };
}

export function select(selection: Selection | undefined): void {
  setQuery({ bar: selection?.position, of: selection?.of }, { replace: true });
}

/** Where time travel is: what was there by then, and the line that is drawn for it. */
export interface Past {
  readonly bars: readonly Bar[];
  readonly ms: number;
}

/** What the instance did, and when. */
export function Timeline({ feed, past }: { feed: Feed; past?: Past }) {
  const { query } = route.value;
  const bars = feed.bars.value;
  const moment = feed.moment.value;
  const changes = feed.changes.value;
  const children = useChildren(feed);
  // Where nothing is open any more, no clock has to draw it anew.
  const isStill = past !== undefined || moment?.endedMs !== undefined;
  const nowMs = useComputed(() => (isStill ? 0 : now.value)).value;
  const untilMs = past?.ms ?? (moment === undefined ? nowMs : untilOf(moment, feed.detail.value, nowMs));
  const awaited = past !== undefined || moment?.endedMs !== undefined ? undefined : feed.detail.value?.awaitedEvents;
  const branches = feed.detail.value?.branches;
  const drawn = past?.bars ?? bars?.all ?? NO_BARS;
  const shown = useMemo(
    () => (awaited === undefined ? [...drawn] : [...drawn, ...awaitedBars(awaited, drawn, branches)]),
    [drawn, changes, awaited?.join("\n"), branches],
  );
  const waits = useMemo(() => waitsBefore(shown), [shown]);
  const chosen = query.get("rows");
  const areInBranches = useMemo(() => haveBranches(shown), [shown]);
  const isChosen = chosen === "calls" || chosen === "names" || (chosen === "branches" && areInBranches);
  const arrangement: Arrangement = isChosen ? chosen : arrangementOf(shown);
  const isReal = query.get("time") === "real";
  const isTable = query.get("view") === "table";
  const rows = useMemo(() => rowsOf(shown, arrangement, children.barsOf), [shown, arrangement, children.changes]);
  const axis = useMemo(() => {
    const inView = rows.flatMap((row) => row.bars);
    return axisOf(spanOf(inView, untilMs), busyTimes(inView, untilMs), !isReal);
  }, [rows, untilMs, isReal]);
  const hasGaps = isReal || axis.pieces.some(({ isCompressed }) => isCompressed);
  if (feed.barsError.value !== undefined && bars === undefined) {
    return (
      <Card title="Timeline">
        <p role="alert">The timeline could not be read: {messageOf(feed.barsError.value)}</p>
      </Card>
    );
  }
  const tools = (
    <div class="card-tools">
      {isTable ? null : (
        <Choice
          label="Rows"
          name="rows"
          current={arrangement}
          options={[
            ["calls", "Each call"],
            ["names", "By name"],
            ...(areInBranches ? ([["branches", "By branch"]] as const) : []),
          ]}
        />
      )}
      {!isTable && hasGaps && (
        <label class="instance-check">
          <input
            type="checkbox"
            checked={isReal}
            onChange={(event) =>
              setQuery({ time: event.currentTarget.checked ? "real" : undefined }, { replace: true })
            }
          />
          Idle time as it is
        </label>
      )}
      <button
        type="button"
        class="button-small"
        aria-pressed={isTable}
        onClick={() => setQuery({ view: isTable ? undefined : "table" })}
      >
        Table
      </button>
    </div>
  );
  return (
    <Card title="Timeline" aside={tools}>
      {past === undefined && bars?.earlier !== undefined && (
        <p class="timeline-earlier">
          The newest {shown.length.toLocaleString("en")} bars are shown.{" "}
          <button
            type="button"
            class="button-small"
            disabled={feed.isLoadingBars.value}
            onClick={() => void feed.readEarlier()}
          >
            {feed.isLoadingBars.value ? "Loading …" : "Load earlier ones"}
          </button>
          {feed.barsError.value !== undefined && <span role="alert"> {messageOf(feed.barsError.value)}</span>}
        </p>
      )}
      {rows.length === 0 ? (
        <p class="quiet">
          {bars === undefined
            ? "Loading …"
            : past === undefined && isStill
              ? "Its code called nothing."
              : "Its code has not called anything yet."}
        </p>
      ) : isTable ? (
        <BarTable rows={rows} nowMs={untilMs} selected={selectionOf(query)} onSelect={select} />
      ) : (
        <>
          <Chart
            {...{ rows, axis, waits }}
            cursorMs={past?.ms}
            nowMs={untilMs}
            barCount={shown.length}
            rowHeight={ROW_HEIGHT[arrangement]}
            selected={selectionOf(query)}
            isOpened={(id) => children.barsOf(id) !== undefined}
            onOpen={children.toggle}
            onSelect={select}
          />
          <Legend />
        </>
      )}
      {children.problem !== undefined && <p role="alert">{children.problem}</p>}
    </Card>
  );
}

function Choice({
  label,
  name,
  current,
  options,
}: {
  label: string;
  name: string;
  current: string;
  options: readonly (readonly [string, string])[];
}) {
  const { page, path, query } = route.value;
  return (
    // biome-ignore lint/a11y/useSemanticElements: links, each an address of its own
    <span class="choice" role="group" aria-label={label}>
      {options.map(([value, text]) => (
        <a
          key={value}
          href={href(page, ...path, { ...Object.fromEntries(query), [name]: value })}
          aria-current={value === current ? "true" : undefined}
        >
          {text}
        </a>
      ))}
    </span>
  );
}

const LEGEND = [
  ["run", "completed", "completed"],
  ["run", "running", "running"],
  ["run", "failed", "failed attempt"],
  ["pause", "retrying", "pause before the next"],
  ["wait", "waiting", "waits"],
  ["moment", "completed", "moment"],
] as const;

function Legend() {
  return (
    <p class="timeline-legend" aria-hidden="true">
      {LEGEND.map(([what, status, text]) => (
        <span key={text}>
          <svg width="18" height="12" aria-hidden="true">
            {what === "moment" ? (
              <path class="timeline-bar" data-what={what} data-status={status} d="M9 1L14 6L9 11L4 6Z" />
            ) : (
              <rect
                class="timeline-bar"
                data-what={what}
                data-status={status}
                x="0"
                y={what === "run" ? 1 : 4}
                width="18"
                height={what === "run" ? 10 : 5}
                rx="2"
              />
            )}
          </svg>
          {text}
        </span>
      ))}
    </p>
  );
}
