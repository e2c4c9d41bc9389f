import type { ListedWorkflow } from "../../../src/catalog/reading/list.ts";
import type { IconName } from "./icon.tsx";
import { Icon } from "./icon.tsx";

export type RuntimeStatus = ListedWorkflow["runtimeStatus"];
/** What a reader tells apart: RUNNING hides whether something is wrong. */
export type Standing =
  | "pending"
  | "running"
  | "waiting"
  | "retrying"
  | "suspended"
  | "stalled"
  | "completed"
  | "failed"
  | "canceled"
  | "terminated";

const STANDINGS: Record<Standing, { readonly icon: IconName; readonly word: string }> = {
  pending: { icon: "clock", word: "Pending" },
  running: { icon: "circle-play", word: "Running" },
  waiting: { icon: "hourglass", word: "Waiting" },
  retrying: { icon: "rotate-cw", word: "Retrying" },
  suspended: { icon: "circle-pause", word: "Suspended" },
  stalled: { icon: "triangle-alert", word: "Stalled" },
  completed: { icon: "circle-check", word: "Completed" },
  failed: { icon: "circle-x", word: "Failed" },
  canceled: { icon: "ban", word: "Canceled" },
  terminated: { icon: "octagon-x", word: "Terminated" },
};

/** An activity that runs is running; everything else that is waited for is waiting. */
export function standingOf(row: {
  readonly runtimeStatus: RuntimeStatus;
  readonly waitingFor?: string | undefined;
  readonly retrying?: boolean | undefined;
}): Standing {
  if (row.runtimeStatus !== "RUNNING") return row.runtimeStatus.toLowerCase() as Standing;
  if (row.retrying === true) return "retrying";
  return row.waitingFor === undefined || row.waitingFor.startsWith("activity:") ? "running" : "waiting";
}

export function wordOf(standing: Standing): string {
  return STANDINGS[standing].word;
}

/** Icon, word and colour: none of them alone. `more` stands behind the word: "Retrying (3)". */
export function StatusChip({ standing, more }: { standing: Standing; more?: string | undefined }) {
  const { icon, word } = STANDINGS[standing];
  return (
    <span class="chip" data-standing={standing}>
      <Icon name={icon} size={14} />
      {word}
      {more !== undefined && <span class="chip-more"> {more}</span>}
    </span>
  );
}
