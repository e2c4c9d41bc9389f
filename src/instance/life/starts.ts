import type { HistoryEvent, ParentLink } from "../../model/history-event.ts";
import type { StartChildMessage } from "../../model/message.ts";
import { isTerminal } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import { textsOfFact } from "../../storage/instance-store.ts";
import { UnreadableError } from "../../storage/unreadable-error.ts";
import { checkOwed, firstActiveChild } from "../delivery/index.ts";
import type { InstancePorts } from "../ports.ts";
import type { DeliveryResult, IsOwed, StartRequest, StartResult } from "../protocol.ts";
import { writing } from "../reading/index.ts";
import type { Gate } from "./gate.ts";
import type { Life } from "./life.ts";
import type { Lives } from "./lives.ts";
import type { Purges } from "./purges.ts";

const OK = { ok: true } as const;
const ACCEPTED = { accepted: true } as const;
const OCCUPIED = { accepted: false, code: "OCCUPIED" } as const;

/** Of a client, which names its request, or of a parent. */
type Start = Omit<StartRequest, "requestId"> & {
  readonly requestId?: string | undefined;
  readonly parent?: ParentLink | undefined;
};

/** What a start has seen, and what must still be so when it is written. */
interface Seen {
  /** In whose place it comes. */
  readonly former: InstanceRecord | undefined;
  readonly life: Life;
  /**
   * How often a parent had purged its child here when the message of this one came: it knows nothing of a message that a life
   * before it has sent.
   */
  readonly purges?: number | undefined;
}

/** Starts an instance: where there is none, or in the place of one that has ended and left nothing open. */
export class Starts {
  readonly #ports: InstancePorts;
  readonly #lives: Lives;
  readonly #gate: Gate;
  readonly #purges: Purges;

  constructor(ports: InstancePorts, lives: Lives, gate: Gate, purges: Purges) {
    this.#ports = ports;
    this.#lives = lives;
    this.#gate = gate;
    this.#purges = purges;
  }

  /** `isOwed`: as in `deliver`. */
  async start(request: StartRequest, isOwed?: IsOwed): Promise<StartResult> {
    for (;;) {
      while (this.#gate.shutForStartsBy !== undefined) await this.#gate.shutForStartsBy;
      const { record: former, current: life } = this.#lives;
      if (former === undefined && this.#purges.last?.startRequestId === request.requestId) return OK;
      if (former !== undefined) {
        if (former.startRequestId === request.requestId) return OK;
        if (!isTerminal(former.status)) return { ok: false, code: "ALREADY_ACTIVE" };
        if (this.#awaitsActivity(former)) return { ok: false, code: "AWAITING_ACTIVITY" };
        const isReadable = await this.#isReadable(former);
        if (isReadable === undefined) continue;
        if (!isReadable) return { ok: false, code: "UNREADABLE" };
        // It has scheduled its own ID, which was in use then, and cannot deliver that before this is answered.
        if (isOwed !== undefined && this.#lives.current.outbox.isCallingItself(request.requestId))
          return { ok: false, code: "ALREADY_ACTIVE" };
        const child = await this.#activeChild(former);
        if (child !== undefined && this.#lives.record === former)
          return { ok: false, code: "CHILD_ACTIVE", childInstanceId: child };
        if (child !== undefined) continue;
      }
      await checkOwed(this.#ports, isOwed);
      if (await this.#create(request, { former, life })) return OK;
    }
  }

  /** `purges`: as it was when the message came. */
  async startAsChild(message: StartChildMessage, purges: number, isOwed?: IsOwed): Promise<DeliveryResult> {
    const { name, input, parent, traceparent } = message;
    const instanceId = this.#ports.instanceId();
    for (;;) {
      while (this.#gate.shutForStartsBy !== undefined) await this.#gate.shutForStartsBy;
      const { record: former, current: life } = this.#lives;
      if (former === undefined && isSameCall(this.#purges.last?.parent, parent)) return ACCEPTED;
      if (former !== undefined) {
        if (isSameCall(former.parent, parent)) return ACCEPTED;
        if (!isTerminal(former.status) || this.#awaitsActivity(former)) return OCCUPIED;
        // It has called its own ID, which was in use then, and cannot deliver that before this is answered.
        if (parent.instanceId === former.instanceId) return OCCUPIED;
        const isReadable = await this.#isReadable(former);
        if (isReadable === undefined) continue;
        if (!isReadable) throw notReplaced(former.instanceId);
        const child = await this.#activeChild(former);
        if (child !== undefined && this.#lives.record === former) return OCCUPIED;
        if (child !== undefined) continue;
      }
      await checkOwed(this.#ports, isOwed);
      const start = { instanceId, name, input, parent, traceparent };
      if (await this.#create(start, { former, life, purges })) return ACCEPTED;
    }
  }

  /** As in Dapr: the ID of a terminated instance is not free while an activity of it still runs. */
  #awaitsActivity(former: InstanceRecord): boolean {
    return former.status === "TERMINATED" && this.#lives.household.activities.size > 0;
  }

  /** `undefined`: it is not there any more, as another copy of this start may have come through meanwhile. */
  async #isReadable(former: InstanceRecord): Promise<boolean | undefined> {
    const isReadable = await this.#lives.readability.isEndReadable(former);
    if (this.#lives.record !== former) return undefined;
    return isReadable && !this.#lives.current.isUnreadable;
  }

  /** Rejects while it has messages to deliver. Another copy of this start may have come through meanwhile: then the child is its own. */
  async #activeChild({ instanceId }: InstanceRecord): Promise<string | undefined> {
    if (await this.#lives.hasDelivered()) return firstActiveChild(this.#ports, instanceId);
    throw new Error(`Instance '${instanceId}' has ended and still has messages to deliver: its ID is free after that.`);
  }

  /** False when another start has come first, while something was waited for. */
  #create(start: Start, { former, life, purges }: Seen): boolean | Promise<boolean> {
    const { record, started } = this.#first(start, life.recentMessages());
    const { startAtMs } = start;
    const scheduledAtMs = startAtMs !== undefined && startAtMs > record.createdAtMs ? startAtMs : undefined;
    const create = () => {
      if (purges !== undefined && purges !== this.#purges.countAsChild)
        throw new Error(
          `'${start.instanceId}' was purged by a parent while it was being started: send the start again.`,
        );
      // There may have been another one in between, which has been purged.
      if (this.#lives.record !== former || life.isClosed) return false;
      this.#lives.readability.check();
      this.#lives.begin(record, started, scheduledAtMs);
      return true;
    };
    return writing(this.#ports, () => textsOfFact(started), create);
  }

  /** The row and the history that it begins with. */
  #first(start: Start, recentMessages?: Record<string, number>) {
    const { instanceId, name, input, parent, traceparent, requestId, searchAttributes, retentionMs } = start;
    const nowMs = this.#ports.clock.now();
    const executionId = this.#ports.newId();
    const generation = 0;
    const version = this.#ports.registry.latestVersion(name);
    const started: HistoryEvent = {
      type: "ExecutionStarted",
      timestampMs: nowMs,
      name,
      executionId,
      generation,
      version,
      input,
      parent,
      traceparent,
      recentMessages,
      searchAttributes,
      reason: start.reason,
      actor: start.actor,
    };
    const record: InstanceRecord = {
      instanceId,
      name,
      status: "PENDING",
      executionId,
      generation,
      createdAtMs: nowMs,
      startRequestId: requestId,
      parent,
      searchAttributes,
      retentionMs,
    };
    return { record, started };
  }
}

/** The sender tries again: other code or keys may come. */
export function notReplaced(instanceId: string): UnreadableError {
  return new UnreadableError(`'${instanceId}' has ended and cannot be read: it is not replaced.`);
}

function isSameCall(a: ParentLink | undefined, b: ParentLink): boolean {
  return a?.instanceId === b.instanceId && a.executionId === b.executionId && a.taskId === b.taskId;
}
