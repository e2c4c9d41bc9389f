import type { Orchestration } from "../../engine/orchestration.ts";
import type { Outline, Turn } from "../../engine/turn.ts";
import type { HistoryEvent } from "../../model/history-event.ts";
import { isTerminal } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { InboxEntry, OutboxEntry } from "../../storage/instance-store.ts";
import type { UnreadableError } from "../../storage/unreadable-error.ts";
import { Recoveries } from "../activities/index.ts";
import { type OnTheWay, Outbox, type Sender } from "../delivery/index.ts";
import type { InstancePorts } from "../ports.ts";
import { StallWatch } from "../waking/index.ts";
import { AuthorWarnings } from "./author-warnings.ts";
import { nextDueOf } from "./due.ts";
import { FactQueue } from "./fact-queue.ts";
import { LiveExecution } from "./live-execution.ts";

const NEVER = Number.POSITIVE_INFINITY;

export interface StoredQueues {
  readonly inbox: readonly InboxEntry[];
  readonly outbox: readonly OutboxEntry[];
}

/** What a life begins with. `former`: that of the same instance, which ends here. */
export type Birth =
  /** There is no instance. */
  | { readonly type: "vacant" }
  | {
      readonly type: "begun";
      readonly record: InstanceRecord;
      /** `undefined`: its start waits. */
      readonly history: readonly HistoryEvent[] | undefined;
      readonly created: ReturnType<InstancePorts["store"]["create"]>;
    }
  /** As the database has it. */
  | {
      readonly type: "read";
      readonly record: InstanceRecord;
      readonly queues: StoredQueues;
      readonly history: readonly HistoryEvent[] | undefined;
      readonly former: Life;
    }
  /** The database cannot be read: nothing is taken or written. */
  | {
      readonly type: "unreadable";
      readonly record: InstanceRecord;
      readonly error: UnreadableError;
      readonly former: Life;
    }
  /** Something has been written beside its turns. `dropped`: calls whose results are not for it any more. */
  | {
      readonly type: "amended";
      readonly record: InstanceRecord;
      readonly dropped: readonly number[];
      readonly former: Life;
    }
  /** Its code has held up a turn, and is not run any more, so that the instance can be terminated. */
  | { readonly type: "given up"; readonly former: Life };

/** Who opens lives, and what they share. */
export interface LifeParts {
  readonly ports: InstancePorts;
  readonly sender: Sender;
  readonly onTheWay: OnTheWay;
  readonly leases?: { waitsFor(activity: string | undefined, callId?: number): string | undefined } | undefined;
}

/**
 * One life of an instance: all that memory holds of it, born with it. It ends once, and never comes back: whatever is still under way
 * in it finds it closed, and ends without effect. So nothing of it has ever to be set back.
 */
export class Life {
  record: InstanceRecord | undefined;
  /** Why the database cannot be read. */
  readonly unreadable: UnreadableError | undefined;
  readonly isNew: boolean;
  readonly queue = new FactQueue();
  readonly execution: LiveExecution;
  readonly stallWatch: StallWatch;
  readonly warnings: AuthorWarnings;
  /** Of the execution that it is in. */
  recoveries: Recoveries;
  outbox: Outbox;
  failedTurns = 0;
  /** No turn before this time, because the last one failed. */
  retryAtMs = 0;
  /** The queues in memory may lack something: they are read again before the next turn. */
  mustReread = false;
  /** It began by reading the database: the first commit is on disk before anything is run. */
  syncsBeforeActing = false;
  readonly #parts: LifeParts;
  #isClosed = false;

  constructor(parts: LifeParts, birth: Birth) {
    const { ports } = parts;
    const former = "former" in birth ? birth.former : undefined;
    this.#parts = parts;
    this.execution = new LiveExecution(ports, this, former?.execution.formerUpdates);
    this.recoveries = former?.recoveries ?? new Recoveries(ports);
    this.stallWatch = new StallWatch(ports);
    this.warnings = new AuthorWarnings(ports);
    this.outbox = new Outbox(ports, parts.sender, parts.onTheWay);
    this.isNew = birth.type === "begun";
    this.unreadable = birth.type === "unreadable" ? birth.error : undefined;
    this.#begin(birth);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get isUnreadable(): boolean {
    return this.unreadable !== undefined;
  }

  /** The execution in memory, when there is one. */
  get orchestration(): Orchestration | undefined {
    return this.execution.orchestration;
  }

  /** The outline of the history as it is recorded, when memory knows it; `undefined`: the database does. */
  get outline(): Outline | undefined {
    return this.execution.outline;
  }

  /** Before its start an instance has no history to load. */
  get isLoaded(): boolean {
    return this.orchestration !== undefined || this.queue.waitsForStart;
  }

  get hasEnded(): boolean {
    return this.record !== undefined && isTerminal(this.record.status);
  }

  /** The code cannot go on with the history, or not even read it. */
  get isStalled(): boolean {
    return this.isUnreadable || this.orchestration?.stall !== undefined;
  }

  /** Something was accepted, in this life or the one before, that no turn has taken; or a stall that other code may have ended. */
  get isBehind(): boolean {
    if (this.isStalled || this.queue.isWaitingForLease) return false;
    const status = this.record?.status;
    if (status === "STALLED" || this.mustReread) return true;
    return !this.queue.waitsForStart && (this.queue.length > 0 || status === "PENDING");
  }

  /** There is something for a turn to do now. */
  get hasWork(): boolean {
    const { orchestration, queue } = this;
    if (this.isUnreadable || queue.isKeptWaiting || (this.retryAtMs !== 0 && this.retryAtMs > this.#nowMs))
      return false;
    if (orchestration?.stall !== undefined && !orchestration.hasUncommitted) return false;
    if (orchestration === undefined || queue.length > 0 || orchestration.hasUncommitted) return true;
    const nextTimerAtMs = orchestration.pending.nextTimerAtMs();
    return nextTimerAtMs !== NEVER && nextTimerAtMs <= this.#nowMs;
  }

  /** When something falls due next, of what is due later than `afterMs`; infinity for never. */
  nextDueAtMs(afterMs: number): number {
    return nextDueOf(this, afterMs, this.#nowMs);
  }

  get isHeldUp(): boolean {
    return this.queue.isHeldUp;
  }

  get isUndecided(): boolean {
    return this.isHeldUp && !this.isNew && this.waitsForLimit(undefined) === undefined;
  }

  /** The limit that it waits for, or an activity of this name, or the call of it with this number. */
  waitsForLimit(activity: string | undefined, callId?: number): string | undefined {
    return this.#parts.leases?.waitsFor(activity, callId);
  }

  /** No message waits, on disk either: memory gets those of a turn after its commit. False while the disk does not tell. */
  get hasDelivered(): boolean {
    try {
      return this.outbox.isEmpty && this.#parts.ports.store.hasDelivered;
    } catch {
      return false;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.outbox.close();
    this.warnings.unwatchTurn();
  }

  /** Its execution has continued as new, with this history. */
  continueAsNew(updates: Turn["updates"], history: readonly HistoryEvent[]): Promise<void> {
    this.recoveries = new Recoveries(this.#parts.ports);
    return this.execution.continue(updates, history);
  }

  /** Begins again with what the tables hold. */
  useQueues({ inbox, outbox }: StoredQueues): void {
    this.queue.reread(inbox);
    this.outbox.close();
    this.outbox = new Outbox(this.#parts.ports, this.#parts.sender, this.#parts.onTheWay);
    this.outbox.add(outbox);
    this.mustReread = false;
  }

  get #nowMs(): number {
    return this.#parts.ports.clock.now();
  }

  #begin(birth: Birth): void {
    switch (birth.type) {
      case "begun":
        this.record = birth.record;
        this.execution.drop(birth.history);
        this.queue.reread(birth.created.waiting);
        this.outbox.add(birth.created.sent);
        return;
      case "read":
        this.record = birth.record;
        this.queue.keep(birth.former.queue.results);
        this.queue.reread(birth.queues.inbox);
        this.outbox.add(birth.queues.outbox);
        this.execution.drop(birth.history);
        this.syncsBeforeActing = true;
        return;
      case "unreadable":
        this.record = birth.record;
        this.stallWatch.beginLong();
        return;
      case "amended":
        this.record = birth.record;
        this.queue.keep(birth.former.queue.resultsBut(birth.dropped));
        this.mustReread = true;
        this.syncsBeforeActing = birth.former.syncsBeforeActing;
        return;
      case "given up":
        this.record = birth.former.record;
        this.queue.keep(birth.former.queue.results);
        this.execution.giveUpCode();
        this.mustReread = true;
        this.syncsBeforeActing = birth.former.syncsBeforeActing;
        return;
    }
  }
}
