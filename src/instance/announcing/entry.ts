import type { Orchestration } from "../../engine/orchestration.ts";
import type { Outline } from "../../engine/turn.ts";
import { type CatalogEntry, fitEntry } from "../../model/catalog-entry.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { InstancePorts } from "../ports.ts";
import { type Described, reading, type StandingLife, shownStanding, visibleStatus } from "../reading/index.ts";

/** The life that is told of, as memory has it. */
export interface Subject extends StandingLife, Described {
  readonly orchestration: Pick<Orchestration, "standing"> | undefined;
  readonly queue: Described["queue"] & { readonly scheduledAtMs: number | undefined };
  /** The limit that it waits for, or the activity of this name. */
  waitsForLimit(activity: string | undefined): string | undefined;
  /** It has begun here, and was not read from the database. */
  readonly isNew: boolean;
}

interface Failure {
  readonly errorType: string;
  readonly message: string;
}

/** What the catalog shows of a life: no payload is ever in it. At once, unless the database has to be read and is encrypted. */
export function entryOf(
  ports: InstancePorts,
  life: Subject,
  begun: InstanceRecord,
): CatalogEntry | Promise<CatalogEntry> {
  const { outline, unreadable } = life;
  if (unreadable !== undefined) {
    const failure = { errorType: unreadable.name, message: unreadable.message };
    return entry(ports, life, { ...begun, status: "STALLED" }, {}, failure);
  }
  if (outline !== undefined && begun.status !== "STALLED") return entry(ports, life, begun, outline);
  return reading(ports, () => {
    // Where payloads are encrypted, it may have moved on meanwhile.
    const { record: now } = life;
    const record = now?.createdAtMs === begun.createdAtMs ? now : begun;
    const stall = record.status === "STALLED" ? ports.store.lastStall() : undefined;
    const failure = stall && { errorType: stall.reason, message: stall.message };
    return entry(ports, life, record, life.outline ?? ports.store.outline(record.completedSeq), failure);
  });
}

/** With keys for payloads, what may quote one stays in the instance: its custom status, and the messages of failures. */
function entry(
  { vault }: InstancePorts,
  life: Subject,
  record: InstanceRecord,
  { first, completed, lastAtMs }: Outline,
  stall?: Failure,
): CatalogEntry {
  const { instanceId, createdAtMs, name, parent, version, customStatus, searchAttributes, retentionMs } = record;
  const started = first ?? life.queue.scheduledStart;
  const end = completed?.type === "ExecutionCompleted" ? completed : undefined;
  const failure = end === undefined ? stall : end.failure;
  const { waitingFor, retrying } = shownStanding(
    life.queue.scheduledAtMs,
    life.orchestration?.standing ?? {},
    (activity) => life.waitsForLimit(activity),
  );
  const isOpen = vault === undefined;
  return fitEntry({
    instanceId,
    createdAtMs,
    workflowName: name,
    status: visibleStatus(record, life),
    updatedAtMs: lastAtMs ?? createdAtMs,
    endedAtMs: end?.timestampMs,
    version: version ?? (started?.type === "ExecutionStarted" ? started.version : undefined),
    parentInstanceId: parent?.instanceId,
    customStatus: isOpen ? customStatus : undefined,
    failure: failure && { errorType: failure.errorType, message: isOpen ? failure.message : undefined },
    searchAttributes,
    retentionMs,
    waitingFor,
    retrying: retrying || undefined,
  });
}

/** Whether the list shows the same. Of one that has not ended the time of its last change alone is none: each turn changes it. */
export function isSameEntry(a: CatalogEntry, b: CatalogEntry): boolean {
  return textOfEntry(a) === textOfEntry(b);
}

function textOfEntry({ updatedAtMs, endedAtMs, failure, ...rest }: CatalogEntry): string {
  const shown = {
    ...rest,
    ended: endedAtMs && [endedAtMs, updatedAtMs],
    failed: failure && [failure.errorType, failure.message],
  };
  return JSON.stringify(Object.fromEntries(Object.entries(shown).sort(([a], [b]) => (a < b ? -1 : 1))));
}
