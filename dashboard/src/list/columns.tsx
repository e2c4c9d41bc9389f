import type { ComponentChildren } from "preact";
import { href } from "../app/router.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { Duration } from "../parts/duration.tsx";
import { StatusChip, standingOf } from "../parts/status-chip.tsx";
import { Time } from "../parts/time.tsx";
import type { ColumnName } from "./column-names.ts";
import type { Row } from "./rows.ts";
import { troubleOf } from "./troubles.ts";
import { Waiting } from "./waiting.tsx";

export interface Column {
  readonly title: string;
  /** Its place in `grid-template-columns`. */
  readonly width: string;
  readonly cell: (row: Row) => ComponentChildren;
}

const ENDED = new Set(["COMPLETED", "FAILED", "CANCELED", "TERMINATED"]);

export const COLUMNS: Readonly<Record<ColumnName, Column>> = {
  status: {
    title: "Status",
    width: "126px",
    cell: (row) => <StatusChip standing={standingOf(row)} more={troubleOf(row)?.attempt} />,
  },
  id: {
    title: "Instance",
    width: "minmax(100px, 1.4fr)",
    cell: (row) => (
      <>
        <a class="row-link mono" href={href("i", row.instanceID)}>
          {row.instanceID}
        </a>
        <span class="row-copy">
          <CopyButton text={row.instanceID} label={`Copy the ID ${row.instanceID}`} />
        </span>
      </>
    ),
  },
  name: { title: "Workflow", width: "minmax(90px, 1.1fr)", cell: (row) => row.workflowName },
  detail: {
    title: "Details",
    width: "minmax(110px, 2.2fr)",
    cell: (row) => <Waiting row={row} />,
  },
  created: { title: "Created", width: "124px", cell: (row) => <Time at={row.createdAt} /> },
  duration: {
    title: "Duration",
    width: "92px",
    cell: (row) =>
      row.runtimeStatus === "PENDING" ? (
        "–"
      ) : (
        <Duration
          from={row.createdAt}
          to={ENDED.has(row.runtimeStatus) ? (row.endedAt ?? row.lastUpdatedAt) : undefined}
        />
      ),
  },
  version: { title: "Version", width: "70px", cell: (row) => row.version ?? "–" },
  custom: {
    title: "Custom status",
    width: "minmax(90px, 1fr)",
    cell: (row) => row.customStatus ?? "–",
  },
  attributes: {
    title: "Search attributes",
    width: "minmax(90px, 1.2fr)",
    cell: (row) => {
      const attributes = Object.entries(row.searchAttributes ?? {});
      return attributes.length === 0 ? "–" : attributes.map(([key, value]) => `${key}=${String(value)}`).join("  ");
    },
  },
  parent: {
    title: "Parent",
    width: "minmax(90px, 1fr)",
    cell: ({ parentInstanceID: parent }) =>
      parent === undefined ? (
        "–"
      ) : (
        <a class="row-other mono" href={href("i", parent)}>
          {parent}
        </a>
      ),
  },
  updated: {
    title: "Updated",
    width: "124px",
    cell: (row) => <Time at={row.lastUpdatedAt} />,
  },
  ended: {
    title: "Ended",
    width: "124px",
    cell: (row) => (row.endedAt === undefined ? "–" : <Time at={row.endedAt} />),
  },
};
