import { useSignal } from "@preact/signals";
import type { JobOperation } from "../../../src/jobs/job.ts";
import { may } from "../app/session.ts";
import { Menu } from "../parts/menu.tsx";
import { BulkDialog } from "./bulk-dialog.tsx";
import { OPERATIONS, type Targets } from "./bulk-request.ts";
import type { ListStore } from "./list-store.ts";
import { clearSelection, hasSelection, isAllOfFilter, tickAllOfFilter, ticked } from "./selection.ts";

/** While something is selected: how much, all that fit the filter, and what may be done to them. */
export function BulkBar({ list }: { list: ListStore }) {
  const open = useSignal<{ operation: JobOperation; targets: Targets } | undefined>(undefined);
  if (!hasSelection.value && open.value === undefined) return null;
  const targets: Targets = isAllOfFilter.value
    ? { type: "filter", filter: list.filter }
    : { type: "ids", ids: [...ticked.value] };
  const items = ORDER.filter((operation) => may(OPERATIONS[operation].role)).map((operation) => ({
    label: `${OPERATIONS[operation].label} …`,
    icon: OPERATIONS[operation].icon,
    danger: OPERATIONS[operation].danger === true,
    onSelect: () => {
      open.value = { operation, targets };
    },
  }));
  return (
    <section class="bulk" aria-label="Selection">
      <span role="status">{isAllOfFilter.value ? "All that fit the filter" : `${ticked.value.size} selected`}</span>
      {!isAllOfFilter.value && (
        <button type="button" class="button-small" onClick={tickAllOfFilter}>
          Select all that fit the filter
        </button>
      )}
      <button type="button" class="button-small" onClick={clearSelection}>
        Clear
      </button>
      <Menu label="What to do to them" items={items} id="bulk-actions">
        Actions …
      </Menu>
      {open.value !== undefined && (
        <BulkDialog
          operation={open.value.operation}
          targets={open.value.targets}
          onClose={(hasBegun) => {
            open.value = undefined;
            if (hasBegun) clearSelection();
          }}
        />
      )}
    </section>
  );
}

/** What can be taken back comes first. */
const ORDER: readonly JobOperation[] = [
  "raise",
  "pause",
  "resume",
  "rewind",
  "rerun",
  "restart",
  "cancel",
  "terminate",
  "purge",
];
