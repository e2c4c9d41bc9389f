import { type Signal, useComputed } from "@preact/signals";
import { useCallback, useEffect } from "preact/hooks";
import { may } from "../app/session.ts";
import { Icon } from "../parts/icon.tsx";
import { standingOf } from "../parts/status-chip.tsx";
import { VirtualRows } from "../parts/virtual-rows.tsx";
import type { ColumnName } from "./column-names.ts";
import { COLUMNS } from "./columns.tsx";
import type { ListStore } from "./list-store.ts";
import type { Row } from "./rows.ts";
import { isAllOfFilter, tick, ticked, toggle } from "./selection.ts";

const ROW_HEIGHT = 40;
/** More columns than this scroll sideways in a box of their own. */
const MOST_FITTING = 8;
/** Header of the page and of the table, which stay where rows move. */
const COVERED = 52 + 36;

interface Props {
  readonly list: ListStore;
  readonly columns: readonly ColumnName[];
  readonly active: Signal<number>;
  readonly order: "desc" | "asc";
  readonly onOrder: () => void;
}

export function Table({ list, columns, active, order, onOrder }: Props) {
  const rows = list.rows.value;
  const readMore = useCallback(() => {
    // Where a filter fits few, the reader says whether to look further.
    if (!list.isPartial.value && list.error.value === undefined) void list.readMore();
  }, [list]);
  const at = active.value;
  useEffect(() => {
    if (at >= 0) requestAnimationFrame(() => linkOf(at)?.focus({ preventScroll: true }));
  }, [at]);
  const template = [...(may("operator") ? ["36px"] : []), ...columns.map((name) => COLUMNS[name].width)].join(" ");
  return (
    <div
      class="table card"
      data-wide={columns.length > MOST_FITTING ? "" : undefined}
      role="table"
      aria-label="Instances"
      aria-rowcount={list.isWhole.value ? rows.length + 1 : -1}
      aria-busy={!list.hasRead.value}
      style={{ "--columns": template }}
    >
      <div class="table-head" role="rowgroup">
        <div class="table-row" role="row" aria-rowindex={1}>
          {may("operator") && (
            <div role="columnheader" class="cell-check">
              <AllCheck list={list} />
            </div>
          )}
          {columns.map((name) => (
            <div
              key={name}
              role="columnheader"
              data-column={name}
              aria-sort={name === "created" ? sortOf(order) : undefined}
            >
              {name === "created" ? (
                <button type="button" class="table-sort" onClick={onOrder} title="Newest or oldest first">
                  {COLUMNS[name].title} <Icon name={order === "desc" ? "arrow-down" : "arrow-up"} size={12} />
                </button>
              ) : (
                COLUMNS[name].title
              )}
            </div>
          ))}
        </div>
      </div>
      {list.hasRead.value || rows.length > 0 ? (
        <VirtualRows
          count={rows.length}
          estimate={ROW_HEIGHT}
          keyOf={(index) => rows[index]?.instanceID ?? index}
          shown={at >= 0 ? at : undefined}
          onEnd={readMore}
          coveredTop={COVERED}
        >
          {(index) => {
            const row = rows[index];
            return row === undefined ? null : (
              <TableRow row={row} index={index} columns={columns} isActive={index === at} />
            );
          }}
        </VirtualRows>
      ) : (
        <Skeleton />
      )}
    </div>
  );
}

function sortOf(order: "desc" | "asc"): "descending" | "ascending" {
  return order === "desc" ? "descending" : "ascending";
}

/** The ID is a link over all of the row, so that each click a browser knows does what it does to links. */
function TableRow(props: { row: Row; index: number; columns: readonly ColumnName[]; isActive: boolean }) {
  const { row, index, columns, isActive } = props;
  const isTicked = useComputed(() => isAllOfFilter.value || ticked.value.has(row.instanceID));
  return (
    <div
      class="table-row table-body-row"
      role="row"
      aria-rowindex={index + 2}
      data-active={isActive ? "" : undefined}
      data-ticked={isTicked.value ? "" : undefined}
      data-standing={standingOf(row)}
    >
      {may("operator") && (
        <div role="cell" class="cell-check">
          <input
            type="checkbox"
            aria-label={`Select ${row.instanceID}`}
            checked={isTicked}
            onChange={() => toggle(row.instanceID)}
          />
        </div>
      )}
      {columns.map((name) => (
        <div key={name} role="cell" data-column={name}>
          {COLUMNS[name].cell(row)}
        </div>
      ))}
    </div>
  );
}

function AllCheck({ list }: { list: ListStore }) {
  const rows = list.rows.value;
  const isAll = useComputed(
    () => isAllOfFilter.value || (rows.length > 0 && rows.every((row) => ticked.value.has(row.instanceID))),
  );
  return (
    <input
      type="checkbox"
      aria-label="Select all that are loaded"
      disabled={rows.length === 0}
      checked={isAll}
      onChange={() => tick(isAll.value ? [] : rows.map((row) => row.instanceID))}
    />
  );
}

const SKELETON = [72, 54, 63, 48, 70, 58];

function Skeleton() {
  return (
    <div class="skeleton" role="rowgroup" aria-label="Reading the list">
      {SKELETON.map((width) => (
        <div key={width} role="row">
          <div role="cell">
            <span class="skeleton-bar" style={{ width: `${width}%` }} />
          </div>
        </div>
      ))}
    </div>
  );
}

function linkOf(index: number): HTMLElement | null {
  return document.querySelector(`.virtual-row[data-index="${index}"] .row-link`);
}
