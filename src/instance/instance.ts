import type { HistoryEvent, HistoryFact, ParentLink } from "../model/history-event.ts";
import type { ChildEndedMessage, Message, StartChildMessage } from "../model/message.ts";
import { isTerminal } from "../model/status.ts";
import type { InstanceRecord } from "../storage/instance-row.ts";
import { textsOfFact } from "../storage/instance-store.ts";
import { UnreadableError } from "../storage/unreadable-error.ts";
import { checkOwed, firstActiveChild } from "./delivery/index.ts";
import { Gate, type Life, Purges, TurnLoop } from "./life/index.ts";
import type { InstancePorts } from "./ports.ts";
import type {
  DeliveryResult,
  FindActiveRequest,
  HistoryPage,
  InstanceApi,
  InstanceDescription,
  InstancePeer,
  IsOwed,
  OperationResult,
  PurgeRequest,
  QueryResult,
  RaiseEventRequest,
  StartRequest,
  StartResult,
  TerminateRequest,
  UpdateRequest,
  UpdateResult,
  WaitedFor,
  WaitOptions,
} from "./protocol.ts";
import { describeInstance, hasStarted, queryEnded, readHistoryPage, toQueryResult, writing } from "./reading/index.ts";
import { isTakenWhileStalled, type Ring } from "./waking/index.ts";

const OK = { ok: true } as const;
const NOT_FOUND = { ok: false, code: "NOT_FOUND" } as const;
const MAX_REASON_LENGTH = 4_096;
const STALLED = { ok: false, code: "STALLED" } as const;

/**
 * One instance, as the outside and other instances see it. What is asked for goes to the inbox in the transaction that
 * answers the caller; the turn loop takes it from there. Expected failures are values: an error that is thrown here is
 * a fault of ours or of the storage, and the caller may try again.
 */
export class Instance implements InstanceApi, InstancePeer {
  readonly #ports: InstancePorts;
  readonly #loop: TurnLoop;
  readonly #gate = new Gate();
  readonly #purges: Purges;

  constructor(ports: InstancePorts) {
    this.#ports = ports;
    this.#loop = new TurnLoop(ports);
    this.#purges = new Purges(ports, this.#loop, this.#gate);
  }

  /** Reads what the database holds. To be awaited once before anything else; `isRinging` when `alarm` comes next. */
  open(isRinging = false): Promise<void> {
    return this.#loop.open(isRinging);
  }

  /** A turn is being taken: it is over within the burst, unless the workflow's code holds it up. */
  get isInTurn(): boolean {
    return this.#loop.isRunning;
  }

  /**
   * When something falls due next, but for what a turn deals with already; `undefined` while the history has not been read. The alarm
   * may ring before, because it also stands for work under way: a test environment, which loses no object by chance, need not wait for that.
   */
  get nextDueAtMs(): number | undefined {
    const { isLoaded, isRunning } = this.#loop;
    if (isRunning) return this.#loop.nextDueAtMs(this.#ports.clock.now());
    return isLoaded ? this.#loop.nextDueAtMs(Number.NEGATIVE_INFINITY) : undefined;
  }

  async alarm(ring: Ring): Promise<void> {
    const waitsForPurge = this.#gate.shutBy !== undefined;
    await this.#gate.pass(() => this.#loop.ring(ring, !waitsForPurge));
  }

  async start(request: StartRequest): Promise<StartResult> {
    const result = await this.#start(request);
    const { waitFor } = request;
    return result.ok && waitFor !== undefined
      ? { ok: true, state: await this.waitFor(waitFor.until, waitFor) }
      : result;
  }

  /** `isOwed`: as in `deliver`. */
  async #start(request: StartRequest, isOwed?: IsOwed): Promise<StartResult> {
    for (;;) {
      while (this.#gate.shutForStartsBy !== undefined) await this.#gate.shutForStartsBy;
      const { record, current: life } = this.#loop;
      if (record === undefined && this.#purges.last?.startRequestId === request.requestId) return OK;
      if (record !== undefined) {
        if (record.startRequestId === request.requestId) return OK;
        if (!isTerminal(record.status)) return { ok: false, code: "ALREADY_ACTIVE" };
        if (this.#awaitsActivity(record)) return { ok: false, code: "AWAITING_ACTIVITY" };
        const isReadable = await this.#loop.readability.isEndReadable(record);
        // Another copy of this start may have come through meanwhile.
        if (this.#loop.record !== record) continue;
        if (!isReadable || this.#loop.isUnreadable) return { ok: false, code: "UNREADABLE" };
        // It has scheduled its own ID, which was in use then, and cannot deliver that before this is answered.
        if (isOwed !== undefined && this.#loop.outbox.isCallingItself(request.requestId))
          return { ok: false, code: "ALREADY_ACTIVE" };
        await this.#deliverTheRest(record);
        const child = await firstActiveChild(this.#ports, record.instanceId);
        // Another copy of this start may have come through meanwhile: then the child is its own.
        if (child !== undefined && this.#loop.record === record)
          return { ok: false, code: "CHILD_ACTIVE", childInstanceId: child };
        if (child !== undefined) continue;
      }
      await checkOwed(this.#ports, isOwed);
      if (await this.#create(record, request, { life })) return OK;
    }
  }

  describe(options: { readonly payloads: boolean }): Promise<InstanceDescription | undefined> {
    return this.#gate.pass(() => this.#describe(options));
  }

  async #describe(options: { readonly payloads: boolean }): Promise<InstanceDescription | undefined> {
    // A caller reads its own writes: what was accepted before this call is taken into account first.
    if (this.#loop.isBehind || this.#loop.isRunning) await this.#catchUp();
    return describeInstance(this.#ports, this.#loop, options.payloads);
  }

  waitFor(until: WaitedFor, options: WaitOptions): Promise<InstanceDescription | undefined> {
    return this.#gate.pass(() => this.#waitFor(until, options));
  }

  async #waitFor(until: WaitedFor, options: WaitOptions): Promise<InstanceDescription | undefined> {
    // Other code may be here by now, and nothing else tells an instance that is stalled.
    if (this.#loop.record?.status === "STALLED" && this.#loop.isBehind) await this.#catchUp();
    const isReached = () => {
      const record = this.#loop.record;
      if (record === undefined) return true;
      return until === "started" ? hasStarted(record) : isTerminal(record.status);
    };
    await this.#loop.watchers.until(isReached, options.timeoutMs);
    return describeInstance(this.#ports, this.#loop, options.payloads);
  }

  async raiseEvent({ name, input, messageId }: RaiseEventRequest): Promise<OperationResult> {
    return this.#operate({ type: "EventRaised", name, input, messageId });
  }

  async suspend({ reason }: { readonly reason?: string | undefined }): Promise<OperationResult> {
    return this.#operate({ type: "ExecutionSuspended", reason });
  }

  async resume({ reason }: { readonly reason?: string | undefined }): Promise<OperationResult> {
    return this.#operate({ type: "ExecutionResumed", reason });
  }

  async terminate({ output, recursive, reason }: TerminateRequest): Promise<OperationResult> {
    return this.#operate({ type: "ExecutionTerminated", output, recursive, reason: bounded(reason) });
  }

  async cancel({ reason }: { readonly reason?: string | undefined }): Promise<OperationResult> {
    return this.#operate({ type: "ExecutionCancelRequested", reason });
  }

  query(request: { readonly name: string; readonly input?: string | undefined }): Promise<QueryResult> {
    return this.#gate.pass(() => this.#query(request));
  }

  async #query({ name, input }: { readonly name: string; readonly input?: string | undefined }): Promise<QueryResult> {
    const record = this.#loop.record;
    if (record === undefined) return NOT_FOUND;
    if (isTerminal(record.status)) return this.#queryEnded(record, name, input);
    let result: QueryResult = { ok: false, code: "BUSY" };
    // Asked in the very moment between two turns: a chain of steps that wait for nothing leaves no other.
    await this.#catchUp(() => {
      result = this.#queryNow(name, input);
    });
    return result;
  }

  async #queryEnded(record: InstanceRecord, name: string, input: string | undefined): Promise<QueryResult> {
    try {
      return await queryEnded(this.#ports, record, name, input);
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      return STALLED;
    }
  }

  #queryNow(name: string, input: string | undefined): QueryResult {
    const { record, orchestration, isStalled } = this.#loop;
    if (record === undefined) return NOT_FOUND;
    if (isStalled) return STALLED;
    if (orchestration === undefined) return { ok: false, code: record.status === "PENDING" ? "NOT_STARTED" : "BUSY" };
    return toQueryResult(orchestration.query(name, input));
  }

  update(request: UpdateRequest): Promise<UpdateResult> {
    return this.#gate.pass(() => this.#update(request));
  }

  async #update({ updateId, name, input, timeoutMs }: UpdateRequest): Promise<UpdateResult> {
    const loop = this.#loop;
    if (loop.record === undefined) return NOT_FOUND;
    await this.#catchUp();
    if (loop.isStalled) return STALLED;
    const isOver = () => loop.record === undefined || isTerminal(loop.record.status);
    const known = loop.updateOutcome(updateId);
    if (known === undefined) {
      if (isOver()) return { ok: false, code: "ENDED" };
      const state = loop.orchestration?.updateState(updateId) ?? "unknown";
      if (state === "forgotten") return { ok: false, code: "FORGOTTEN" };
      if (state === "unknown" && !loop.queue.hasUpdate(updateId)) {
        while (this.#inTheWay() !== undefined) await this.#inTheWay();
        if (loop.isUnreadable) return STALLED;
        await loop.receive({ type: "UpdateRequested", updateId, name, input });
      }
      await loop.watchers.until(() => loop.updateOutcome(updateId) !== undefined || isOver(), timeoutMs);
    }
    const outcome = known ?? loop.updateOutcome(updateId);
    if (outcome === undefined) return { ok: false, code: isOver() ? "ENDED" : "PENDING" };
    if (outcome.ok) return outcome;
    return { ok: false, code: outcome.rejected ? "REJECTED" : "FAILED", failure: outcome.failure };
  }

  history(page: { readonly from: number; readonly limit: number }): Promise<HistoryPage | undefined> {
    return this.#gate.pass(() => this.#history(page));
  }

  async #history({ from, limit }: { readonly from: number; readonly limit: number }): Promise<HistoryPage | undefined> {
    if (this.#loop.record === undefined) return undefined;
    return readHistoryPage(this.#ports, { from, limit }, () => this.#loop.readability.check());
  }

  purge(request: PurgeRequest, isOwed?: IsOwed): Promise<OperationResult> {
    return this.#purges.purge(request, isOwed);
  }

  async deliver(message: Message, isOwed?: IsOwed): Promise<DeliveryResult> {
    const purges = this.#purges.countAsChild;
    while (this.#inTheWay() !== undefined) await this.#inTheWay();
    this.#loop.readability.check();
    if (message.version !== 1) {
      const { version } = message as { version: unknown };
      throw new Error(`A message of version ${version} came; this code knows version 1. It will be sent again.`);
    }
    switch (message.type) {
      case "StartChild":
        return this.#startAsChild(message, purges, isOwed);
      case "ChildEnded":
        await this.#loop.receive(resolutionOf(message), message.parentExecutionId);
        this.#loop.outbox.childEnded(message.parentExecutionId, message.taskId);
        return { accepted: true };
      case "Terminate": {
        const { output, reason } = message;
        const fact = { type: "ExecutionTerminated", output, recursive: true, reason } as const;
        await this.#loop.receive(fact, undefined, isChildOf(message.parent));
        return { accepted: true };
      }
      case "Cancel": {
        const fact = { type: "ExecutionCancelRequested", reason: message.reason } as const;
        await this.#loop.receive(fact, undefined, isChildOf(message.parent));
        return { accepted: true };
      }
      case "RaiseEvent": {
        const { name, input, messageId } = message;
        await this.#loop.receive({ type: "EventRaised", name, input, messageId });
        return { accepted: true };
      }
      case "StartDetached": {
        const { name, input, startAtMs, requestId, traceparent } = message;
        const instanceId = this.#ports.instanceId();
        const result = await this.#start({ instanceId, name, input, startAtMs, requestId, traceparent }, isOwed);
        if (!result.ok && result.code === "UNREADABLE") throw notReplaced(instanceId);
        if (!result.ok) this.#ports.log({ level: "warn", msg: "detached", instanceId, refused: result.code });
        return { accepted: true };
      }
      default: {
        const { type } = message satisfies never as Message;
        throw new Error(`A message of type ${type} came, which this code does not know. It will be sent again.`);
      }
    }
  }

  async findActive({ asChildOf, above = [] }: FindActiveRequest): Promise<string | undefined> {
    // Before the gate: whoever asks waits for what has asked here, and its purge would wait for itself.
    if (above.includes(this.#ports.instanceId())) return undefined;
    return this.#gate.pass(() => this.#findActive(asChildOf, above));
  }

  async #findActive(asChildOf: string, above: readonly string[]): Promise<string | undefined> {
    this.#loop.readability.check();
    const record = this.#loop.record;
    if (record === undefined || record.parent?.instanceId !== asChildOf) return undefined;
    if (!isTerminal(record.status)) return record.instanceId;
    return firstActiveChild(this.#ports, record.instanceId, above);
  }

  #operate(fact: HistoryFact): Promise<OperationResult> {
    return this.#gate.pass(() => this.#operateNow(fact));
  }

  async #operateNow(fact: HistoryFact): Promise<OperationResult> {
    if (this.#loop.record === undefined) return NOT_FOUND;
    if (this.#loop.record.status === "STALLED" || this.#loop.isUnreadable) {
      await this.#catchUp();
      const { isStalled, isUnreadable, orchestration } = this.#loop;
      if (isStalled && (isUnreadable || !isTakenWhileStalled(fact, orchestration?.stall))) return STALLED;
    }
    while (this.#inTheWay() !== undefined) await this.#inTheWay();
    if (this.#loop.isUnreadable) return STALLED;
    if (this.#loop.record === undefined) return NOT_FOUND;
    await this.#loop.receive(fact);
    return OK;
  }

  /** What is to be awaited, and asked for again, before anything is written: a purge, or that the history is read. */
  #inTheWay(): Promise<void> | undefined {
    return this.#gate.shutBy ?? this.#loop.readability.reading();
  }

  /**
   * Until what has come so far has been taken; a caller reads its own writes. `then` is called in the moment in which it
   * has, unless code holds up a turn for longer than this waits.
   */
  async #catchUp(then: () => void = () => undefined): Promise<void> {
    const loop = this.#loop;
    // Reading that takes a while would need an alarm, in the place of another that is set.
    try {
      while (this.#inTheWay() !== undefined) await this.#inTheWay();
    } catch {
      // The next turn comes upon it, tells of it in the log, and pauses.
    }
    // A run may set an alarm, which is billed: not when there is nothing to do.
    if (loop.isBehind || !loop.isLoaded) loop.run();
    const isAtRest = () => {
      if (loop.isRunning) return false;
      then();
      return true;
    };
    await loop.watchers.until(isAtRest, this.#ports.limits.watchdogMs);
  }

  /** `purges`: as it was when the message came. */
  async #startAsChild(message: StartChildMessage, purges: number, isOwed?: IsOwed): Promise<DeliveryResult> {
    const occupied = { accepted: false, code: "OCCUPIED" } as const;
    const { name, input, parent, traceparent } = message;
    for (;;) {
      while (this.#gate.shutForStartsBy !== undefined) await this.#gate.shutForStartsBy;
      const { record, current: life } = this.#loop;
      if (record === undefined && isSameCall(this.#purges.last?.parent, parent)) return { accepted: true };
      if (record !== undefined) {
        if (isSameCall(record.parent, parent)) return { accepted: true };
        if (!isTerminal(record.status) || this.#awaitsActivity(record)) return occupied;
        // It has called its own ID, which was in use then, and cannot deliver that before this is answered.
        if (parent.instanceId === record.instanceId) return occupied;
        const isReadable = await this.#loop.readability.isEndReadable(record);
        if (this.#loop.record !== record) continue;
        if (!isReadable || this.#loop.isUnreadable) throw notReplaced(record.instanceId);
        await this.#deliverTheRest(record);
        const child = await firstActiveChild(this.#ports, record.instanceId);
        // Another copy of this call may have come through meanwhile: then the child is its own.
        if (child !== undefined && this.#loop.record === record) return occupied;
        if (child !== undefined) continue;
      }
      await checkOwed(this.#ports, isOwed);
      const start = { instanceId: this.#ports.instanceId(), name, input, traceparent };
      if (await this.#create(record, start, { life, parent, purges })) return { accepted: true };
    }
  }

  /**
   * In the place of `former`; false when another start has come first, while something was waited for. `life`: that in
   * which `former` was seen. `purges`: as it was when the parent's message came. The parent that purges knows nothing of a message that a life before it has sent.
   */
  #create(
    former: InstanceRecord | undefined,
    start: Omit<StartRequest, "requestId"> & { readonly requestId?: string },
    { life, parent, purges }: { readonly life: Life; readonly parent?: ParentLink; readonly purges?: number },
  ): boolean | Promise<boolean> {
    const nowMs = this.#ports.clock.now();
    const { instanceId, name, input, traceparent, startAtMs } = start;
    const executionId = this.#ports.newId();
    const generation = 0;
    const started: HistoryEvent = {
      type: "ExecutionStarted",
      timestampMs: nowMs,
      name,
      executionId,
      generation,
      version: this.#ports.registry.latestVersion(name),
      input,
      parent,
      traceparent,
    };
    const record: InstanceRecord = {
      instanceId,
      name,
      status: "PENDING",
      executionId,
      generation,
      createdAtMs: nowMs,
      startRequestId: start.requestId,
      parent,
    };
    const scheduledAtMs = startAtMs !== undefined && startAtMs > nowMs ? startAtMs : undefined;
    const create = () => {
      if (purges !== undefined && purges !== this.#purges.countAsChild)
        throw new Error(`'${instanceId}' was purged by a parent while it was being started: send the start again.`);
      // There may have been another one in between, which has been purged.
      if (this.#loop.record !== former || life.isClosed) return false;
      this.#loop.readability.check();
      this.#loop.begin(record, started, scheduledAtMs);
      return true;
    };
    return writing(this.#ports, () => textsOfFact(started), create);
  }

  async #deliverTheRest({ instanceId }: InstanceRecord): Promise<void> {
    if (await this.#loop.hasDelivered()) return;
    throw new Error(`Instance '${instanceId}' has ended and still has messages to deliver: its ID is free after that.`);
  }

  /** As in Dapr: the ID of a terminated instance is not free while an activity of it still runs. */
  #awaitsActivity(record: InstanceRecord): boolean {
    return record.status === "TERMINATED" && this.#loop.activities.size > 0;
  }
}

/** It lies in one row together with what else there is to tell, so it is cut. */
function bounded(reason: string | undefined): string | undefined {
  if (reason === undefined || reason.length <= MAX_REASON_LENGTH) return reason;
  return `${reason.slice(0, MAX_REASON_LENGTH)}…`;
}

/** The sender tries again: other code or keys may come. */
function notReplaced(instanceId: string): UnreadableError {
  return new UnreadableError(`'${instanceId}' has ended and cannot be read: it is not replaced.`);
}

/** Asked when the fact is written: another instance may have taken the ID while it was encrypted. */
function isChildOf(parent: { readonly instanceId: string; readonly executionId: string }) {
  return (record: InstanceRecord): boolean =>
    record.parent?.instanceId === parent.instanceId && record.parent.executionId === parent.executionId;
}

function isSameCall(a: ParentLink | undefined, b: ParentLink): boolean {
  return a?.instanceId === b.instanceId && a.executionId === b.executionId && a.taskId === b.taskId;
}

function resolutionOf({ taskId, outcome }: ChildEndedMessage): HistoryFact {
  return outcome.ok
    ? { type: "ChildWorkflowInstanceCompleted", id: taskId, result: outcome.result }
    : { type: "ChildWorkflowInstanceFailed", id: taskId, failure: outcome.failure };
}
