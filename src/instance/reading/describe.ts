import type { Outline } from "../../engine/turn.ts";
import type { HistoryFact } from "../../model/history-event.ts";
import type { RuntimeStatus } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import { UnreadableError } from "../../storage/unreadable-error.ts";
import type { InstancePorts } from "../ports.ts";
import type { InstanceDescription } from "../protocol.ts";
import { detailOf, type Moment, unreadableDetail } from "./detail.ts";
import { reading } from "./sealing.ts";

/** What memory knows of the instance that is described. */
export interface Described {
  readonly record: InstanceRecord | undefined;
  /** Why the database cannot be read. */
  readonly unreadable: UnreadableError | undefined;
  /** The outline of the history as it is recorded, when memory knows it; `undefined`: the database does. */
  readonly outline: Outline | undefined;
  readonly queue: Queue;
}

/** Of what waits to be taken: a start, which waits for its time. */
interface Queue {
  readonly scheduledStart: HistoryFact | undefined;
  isPaused(isSuspended: boolean): boolean;
}

/**
 * What a caller sees of an instance; `undefined` when there is none. `lives`: in which it may have moved on when it is read. With
 * `moment` it is told in detail.
 */
export async function describeInstance(
  ports: InstancePorts,
  lives: { readonly current: Described },
  payloads: boolean,
  moment?: Moment,
): Promise<InstanceDescription | undefined> {
  const { record, unreadable } = lives.current;
  if (record === undefined) return undefined;
  if (unreadable !== undefined) return describeUnreadable(record, unreadable, moment);
  try {
    return await reading(ports, () => read(ports, lives.current, lives.current.record ?? record, payloads, moment));
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    return describeUnreadable(record, error, moment);
  }
}

/**
 * An instance that has continued as new has run before, even if its newest execution has not. Who is paused or
 * resumed before the start, or while it waits for a lease, is so at once, although its row does not tell.
 */
export function visibleStatus(
  { status, generation }: InstanceRecord,
  { queue }: { readonly queue: Pick<Queue, "isPaused"> },
): RuntimeStatus {
  if (status !== "PENDING" && status !== "RUNNING" && status !== "SUSPENDED") return status;
  if (queue.isPaused(status === "SUSPENDED")) return "SUSPENDED";
  return status === "PENDING" && generation === 0 ? "PENDING" : "RUNNING";
}

/** Paused before its start, it has not. */
export function hasStarted({ status, generation }: InstanceRecord): boolean {
  return status !== "PENDING" || generation > 0;
}

function read(
  ports: InstancePorts,
  { outline, queue }: Described,
  record: InstanceRecord,
  payloads: boolean,
  moment: Moment | undefined,
): InstanceDescription {
  const { store } = ports;
  const { instanceId, name, createdAtMs, customStatus, searchAttributes, retentionMs } = record;
  const { first, completed, lastAtMs } = outline ?? store.outline(record.completedSeq);
  const started = first ?? queue.scheduledStart;
  const ended = completed?.type === "ExecutionCompleted" ? completed : undefined;
  const stalled = record.status === "STALLED" ? store.lastStall() : undefined;
  return {
    instanceId,
    name,
    status: visibleStatus(record, { queue }),
    createdAtMs,
    lastUpdatedAtMs: lastAtMs ?? createdAtMs,
    input: payloads && started?.type === "ExecutionStarted" ? started.input : undefined,
    output: payloads ? ended?.output : undefined,
    customStatus,
    failure: ended?.failure ?? (stalled && { errorType: stalled.reason, message: stalled.message }),
    searchAttributes,
    retentionMs,
    detail: moment && detailOf(ports, record, moment, { started, completed, stall: stalled }),
  };
}

function describeUnreadable(
  record: InstanceRecord,
  { name: errorType, message }: UnreadableError,
  moment: Moment | undefined,
): InstanceDescription {
  const { instanceId, name, createdAtMs } = record;
  const failure = { errorType, message };
  const detail = moment && unreadableDetail(record, { reason: errorType, message });
  return { instanceId, name, status: "STALLED", createdAtMs, lastUpdatedAtMs: createdAtMs, failure, detail };
}
