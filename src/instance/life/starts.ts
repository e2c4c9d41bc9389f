import type { HistoryEvent, ParentLink } from "../../model/history-event.ts";
import { isOfSchedule } from "../../model/ids.ts";
import type { RewindChildMessage, StartChildMessage } from "../../model/message.ts";
import { isTerminal } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import { textsOfFact } from "../../storage/instance-store.ts";
import { UnreadableError } from "../../storage/unreadable-error.ts";
import { checkOwed } from "../delivery/index.ts";
import type { InstancePorts } from "../ports.ts";
import type { DeliveryResult, IsOwed, RaiseEventRequest, StartRequest, StartResult } from "../protocol.ts";
import { writing } from "../reading/index.ts";
import type { Gate } from "./gate.ts";
import type { Life } from "./life.ts";
import type { Lives } from "./lives.ts";
import type { Purges } from "./purges.ts";
import type { Reception } from "./reception.ts";
import { type Recent, recentMessages } from "./stored.ts";
import type { Vacancy } from "./vacancy.ts";

const OK = { ok: true } as const;
const ACCEPTED = { accepted: true } as const;
const OCCUPIED = { accepted: false, code: "OCCUPIED" } as const;

/** Of a client, which names its request, or of a parent. */
export type Start = Omit<StartRequest, "requestId"> & {
  readonly requestId?: string | undefined;
  readonly parent?: ParentLink | undefined;
  readonly coveredBy?: readonly string[] | undefined;
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

interface First {
  readonly record: InstanceRecord;
  readonly first: readonly [HistoryEvent, ...HistoryEvent[]];
}

/** Starts an instance: where there is none, or in the place of one that has ended and left nothing open. */
export class Starts {
  readonly #ports: InstancePorts;
  readonly #lives: Lives;
  readonly #gate: Gate;
  readonly #purges: Purges;
  readonly #reception: Reception;
  readonly #vacancy: Vacancy;

  constructor(ports: InstancePorts, lives: Lives, gate: Gate, purges: Purges, reception: Reception, vacancy: Vacancy) {
    this.#ports = ports;
    this.#lives = lives;
    this.#gate = gate;
    this.#purges = purges;
    this.#reception = reception;
    this.#vacancy = vacancy;
  }

  /** `isOwed`: as in `deliver`. */
  async start(request: StartRequest, isOwed?: IsOwed): Promise<StartResult> {
    const { reuse, requestId } = request;
    const insist = reuse === "terminate" ? this.#vacancy.insist(request) : undefined;
    for (;;) {
      while (this.#gate.shutForStartsBy !== undefined) await this.#gate.shutForStartsBy;
      const { record: former, current: life } = this.#lives;
      if (former === undefined && this.#purges.last?.startRequestId === requestId) return OK;
      if (former?.startRequestId === requestId) return this.confirmed(OK);
      if (former !== undefined) {
        const done = await this.#withoutStart(request, former);
        if (done === "changed") continue;
        if (done !== undefined) return done;
        const inTheWay = await this.#vacancy.inTheWay(former, isOwed && requestId, insist !== undefined);
        if (inTheWay !== undefined) {
          const goesOn = inTheWay === "changed" || (await insist?.(inTheWay, former));
          if (goesOn === true) continue;
          if (typeof goesOn === "object") return goesOn;
          if (inTheWay === "delivering") throw stillDelivering(former);
          return inTheWay;
        }
      }
      await checkOwed(this.#ports, isOwed);
      if (await this.create(request, { former, life })) return this.confirmed(OK);
    }
  }

  /**
   * What becomes of a start where the ID is in use, and nobody is to make room: `undefined` when that is up to who has it. A raise
   * goes to one that runs; its copy, to none that takes the ID after that one.
   */
  async #withoutStart(
    { reuse, event }: StartRequest,
    former: InstanceRecord,
  ): Promise<StartResult | "changed" | undefined> {
    const hasEnded = isTerminal(former.status);
    if (hasEnded && event !== undefined) {
      const recent = await recentMessages(this.#ports, this.#lives.current);
      if (recent[event.messageId] !== undefined) return OK;
    }
    if (!hasEnded && event !== undefined && reuse !== "terminate") return this.#raise(event);
    if (reuse === "ignore") return OK;
    return hasEnded && reuse === "reject" ? { ok: false, code: "ALREADY_EXISTS" } : undefined;
  }

  async #raise(event: RaiseEventRequest): Promise<StartResult | "changed"> {
    let isTaken = false;
    const isFor = () => {
      isTaken = true;
      return true;
    };
    const result = await this.#reception.accept({ type: "EventRaised", ...event }, {}, isFor);
    if (!result.ok && result.code === "STALLED") return { ok: false, code: "STALLED" };
    return isTaken ? OK : "changed";
  }

  /** `purges`: as it was when the message came. */
  async startAsChild(
    message: StartChildMessage | RewindChildMessage,
    purges: number,
    isOwed?: IsOwed,
  ): Promise<DeliveryResult> {
    const { name, input, parent, traceparent, searchAttributes, coveredBy } = message;
    const instanceId = this.#ports.instanceId();
    for (;;) {
      while (this.#gate.shutForStartsBy !== undefined) await this.#gate.shutForStartsBy;
      const { record: former, current: life } = this.#lives;
      if (former === undefined && isSameCall(this.#purges.last?.parent, parent)) return ACCEPTED;
      if (former !== undefined) {
        if (isSameCall(former.parent, parent)) return this.confirmed(ACCEPTED);
        // It has called its own ID, which was in use then, and cannot deliver that before this is answered.
        if (parent.instanceId === former.instanceId) return OCCUPIED;
        const inTheWay = await this.#vacancy.inTheWay(former);
        if (inTheWay === "changed") continue;
        if (inTheWay === "delivering") throw stillDelivering(former);
        if (inTheWay?.code === "UNREADABLE") throw notReplaced(former.instanceId);
        if (inTheWay !== undefined) return OCCUPIED;
      }
      await checkOwed(this.#ports, isOwed);
      const start = { instanceId, name, input, parent, traceparent, searchAttributes, coveredBy };
      if (await this.create(start, { former, life, purges })) return this.confirmed(ACCEPTED);
    }
  }

  /** The catalog has heard of what the start has led to, or need not be waited for. */
  confirmed<T>(answer: T): T | Promise<T> {
    const confirmed = this.#lives.household.announcer?.confirmed();
    return confirmed === undefined ? answer : confirmed.then(() => answer);
  }

  /** False when another start has come first, while something was waited for. */
  create(start: Start, seen: Seen): boolean | Promise<boolean> {
    const recent = recentMessages(this.#ports, seen.life);
    return recent instanceof Promise
      ? recent.then((read) => this.#create(start, seen, read))
      : this.#create(start, seen, recent);
  }

  #create(start: Start, { former, life, purges }: Seen, recent: Recent): boolean | Promise<boolean> {
    const { record, first } = this.#first(start, former, recent);
    const { startAtMs = 0, requestId } = start;
    // A schedule asks when the time has come, by its own clock.
    const scheduledAtMs = startAtMs > record.createdAtMs && !isOfSchedule(requestId) ? startAtMs : undefined;
    const create = () => {
      if (purges !== undefined && purges !== this.#purges.countAsChild)
        throw new Error(
          `'${start.instanceId}' was purged by a parent while it was being started: send the start again.`,
        );
      // There may have been another one in between, which has been purged.
      if (this.#lives.record !== former || life.isClosed) return false;
      this.#lives.readability.check();
      this.#lives.begin(record, first, scheduledAtMs);
      const { announcer, tracer } = this.#lives.household;
      if (scheduledAtMs === undefined) announcer?.counter?.committed(record, 0, first);
      tracer?.begun(record, start.traceparent, start.callerSpanId);
      return true;
    };
    return writing(this.#ports, () => first.flatMap(textsOfFact), create);
  }

  /** The row and the history that it begins with. */
  #first(start: Start, former: InstanceRecord | undefined, recent: Recent): First {
    const { instanceId, name, input, parent, traceparent, requestId, event, searchAttributes, retentionMs } = start;
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
      traceparent: traceparent ?? this.#lives.household.tracer?.traceparentOf(instanceId, executionId),
      startAtMs: start.startAtMs,
      recentMessages: Object.keys(recent).length === 0 ? undefined : recent,
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
      coveredBy: start.coveredBy,
      listing: this.#lives.household.announcer?.newListing(former),
    };
    return { record, first: event ? [started, { type: "EventRaised", timestampMs: nowMs, ...event }] : [started] };
  }
}

export function stillDelivering({ instanceId }: InstanceRecord): Error {
  return new Error(`Instance '${instanceId}' has ended and still has messages to deliver: its ID is free after that.`);
}

/** The sender tries again: other code or keys may come. */
export function notReplaced(instanceId: string): UnreadableError {
  return new UnreadableError(`'${instanceId}' has ended and cannot be read: it is not replaced.`);
}

export function isSameCall(a: ParentLink | undefined, b: ParentLink): boolean {
  return a?.instanceId === b.instanceId && a.executionId === b.executionId && a.taskId === b.taskId;
}
