import { useState } from "preact/hooks";
import { formatDuration } from "../../app/times.ts";
import { Time } from "../../parts/time.tsx";
import type { Bar } from "../model/bars.ts";
import { haveBranches, kindOf, type Row } from "../model/layout.ts";
import { BranchTag, TableBox } from "../parts.tsx";
import type { Selection } from "./chart.tsx";

const PAGE = 200;

/** What the chart shows, in words and numbers: for whoever does not see it, and for copying. */
export function BarTable({
  rows,
  nowMs,
  selected,
  onSelect,
}: {
  rows: readonly Row[];
  nowMs: number;
  selected: Selection | undefined;
  onSelect: (selection: Selection) => void;
}) {
  const [most, setMost] = useState(PAGE);
  const bars = rows
    .flatMap(({ bars, of }) => bars.map((bar) => ({ bar, of })))
    .sort((one, other) => one.bar.scheduledMs - other.bar.scheduledMs || one.bar.position - other.bar.position);
  const areInBranches = haveBranches(bars.map(({ bar }) => bar));
  return (
    <TableBox label="Bars of the timeline">
      <table class="bar-table">
        <caption class="hidden-text">The bars of the timeline, in the order in which they begin</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">What</th>
            {areInBranches && <th scope="col">Branch</th>}
            <th scope="col">Status</th>
            <th scope="col">Began</th>
            <th scope="col">Took</th>
            <th scope="col">Attempts</th>
            <th scope="col">Error</th>
          </tr>
        </thead>
        <tbody>
          {bars.slice(0, most).map(({ bar, of }) => (
            <tr
              key={`${of ?? ""} ${bar.position}`}
              aria-selected={selected?.position === bar.position && selected.of === of}
            >
              <th scope="row">
                <button type="button" class="link" onClick={() => onSelect({ position: bar.position, of })}>
                  {bar.name ?? kindOf(bar.kind)}
                  {bar.id !== undefined && ` #${bar.id}`}
                </button>
              </th>
              <td>{of === undefined ? kindOf(bar.kind) : `${kindOf(bar.kind)} of ${of}`}</td>
              {areInBranches && (
                <td>
                  <BranchTag name={bar.branch} />
                </td>
              )}
              <td>{bar.status}</td>
              <td>
                <Time at={bar.scheduledMs} />
              </td>
              <td>{tookOf(bar, nowMs)}</td>
              <td>{bar.attempts?.at(-1)?.attempt ?? 1}</td>
              <td>{bar.status === "completed" ? "" : (bar.errorType ?? "")}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {bars.length > most && (
        <button type="button" class="button" onClick={() => setMost(most + 1_000)}>
          {Math.min(1_000, bars.length - most)} more of {bars.length - most}
        </button>
      )}
    </TableBox>
  );
}

function tookOf({ scheduledMs, endedMs, status }: Bar, nowMs: number): string {
  if (endedMs !== undefined) return formatDuration(endedMs - scheduledMs);
  return status === "canceled" ? "" : `${formatDuration(nowMs - scheduledMs)} so far`;
}
