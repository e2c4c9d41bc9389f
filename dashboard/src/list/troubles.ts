import { signal } from "@preact/signals";
import { api, at } from "../app/api.ts";
import { formatRelative } from "../app/times.ts";
import type { Row } from "./rows.ts";

/*
 * What a list does not know of a row that is in trouble: the attempt that it is at, and why. It is asked for each such row that is in view, a few at a
 * time, and again when it may have changed.
 */

interface Trouble {
  /** "(3)", behind the status. */
  readonly attempt?: string | undefined;
  readonly text?: string | undefined;
}

interface Detail {
  readonly pendingActivities: readonly Attempt[];
  readonly openChildren: readonly Attempt[];
  readonly stall?: { readonly reason: string; readonly message: string };
}

interface Attempt {
  readonly status: string;
  readonly attempt: number;
  readonly lastFailure?: { readonly errorType: string; readonly message?: string };
  readonly nextAttemptAt?: string;
}

const AT_ONCE = 4;
const FRESH_MS = 10_000;
const MOST_KEPT = 500;

const found = signal<ReadonlyMap<string, { readonly trouble: Trouble; readonly atMs: number; readonly of: string }>>(
  new Map(),
);
const asked = new Map<string, number>();
const queue: Row[] = [];
let running = 0;

/** What is known, as it is rendered; asks for what is not. */
export function troubleOf(row: Row): Trouble | undefined {
  if (row.runtimeStatus !== "STALLED" && !(row.runtimeStatus === "RUNNING" && row.retrying)) return undefined;
  const known = found.value.get(row.instanceID);
  const isFresh = known !== undefined && known.of === row.lastUpdatedAt && Date.now() - known.atMs < FRESH_MS;
  if (!isFresh && Date.now() - (asked.get(row.instanceID) ?? 0) > FRESH_MS) {
    asked.set(row.instanceID, Date.now());
    queue.push(row);
    queueMicrotask(next);
  }
  return known?.trouble;
}

function next(): void {
  while (running < AT_ONCE) {
    const row = queue.shift();
    if (row === undefined) return;
    running++;
    void ask(row).finally(() => {
      running--;
      next();
    });
  }
}

async function ask(row: Row): Promise<void> {
  try {
    const detail = await api.get<Detail>(at.workflows(row.instanceID), { detail: "full", fetchPayloads: false });
    const entries = [...found.value].slice(-MOST_KEPT);
    found.value = new Map([
      ...entries,
      [row.instanceID, { trouble: troubleIn(detail), atMs: Date.now(), of: row.lastUpdatedAt }],
    ]);
  } catch {
    // The row says that it is in trouble, and its own page says more.
  }
}

function troubleIn({ pendingActivities, openChildren, stall }: Detail): Trouble {
  if (stall !== undefined) return { text: `${stall.reason}: ${stall.message}` };
  const retried = [...pendingActivities, ...openChildren].filter((one) => one.lastFailure !== undefined);
  const worst = retried.sort((a, b) => b.attempt - a.attempt)[0];
  if (worst === undefined) return {};
  const { lastFailure, attempt, nextAttemptAt } = worst;
  const next = nextAttemptAt === undefined ? "" : `, again ${formatRelative(Date.parse(nextAttemptAt), Date.now())}`;
  const message = lastFailure?.message === undefined ? "" : `: ${lastFailure.message}`;
  return { attempt: `(${attempt})`, text: `${lastFailure?.errorType}${message}${next}` };
}
