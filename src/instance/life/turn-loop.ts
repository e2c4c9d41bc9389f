import { WorkflowCanceledError } from "../../engine/errors.ts";
import type { Orchestration } from "../../engine/orchestration.ts";
import type { Outline, Turn } from "../../engine/turn.ts";
import type { UpdateOutcome } from "../../model/action.ts";
import type { HistoryEvent, HistoryFact, TaskCompleted, TaskFailed } from "../../model/history-event.ts";
import { isTerminal } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import { type OutboxEntry, type TurnChange, textsOf, textsOfFact } from "../../storage/instance-store.ts";
import { UnreadableError } from "../../storage/unreadable-error.ts";
import { type ActivityOwner, type ActivityRun, ActivityRunner, Recoveries } from "../activities/index.ts";
import { OnTheWay, type Outbox, type Sender } from "../delivery/index.ts";
import { InstanceLog } from "../instance-log.ts";
import { retryDelayMs } from "../limits.ts";
import type { InstancePorts } from "../ports.ts";
import { Readability, type Readable, writing } from "../reading/index.ts";
import { AlarmKeeper, Burst, isEndedByTerminate, type Ring, Watchers, type Workload } from "../waking/index.ts";
import type { FactQueue, QueuedFact } from "./fact-queue.ts";
import { type Birth, Life } from "./life.ts";
import type { LiveExecution } from "./live-execution.ts";
import { readQueues, readStored } from "./stored.ts";

const NEVER = Number.POSITIVE_INFINITY;
/** The messages that a commit has put into the outbox; `undefined`: there was none. */
type Committed = OutboxEntry[] | undefined;

/**
 * Takes an instance from turn to turn.
 *
 *   read    what is queued, the timers that are due, the history if it is not in memory
 *   decide  Orchestration.turn: pure
 *   commit  store.commit: one transaction
 *   act     start activities, deliver messages, tell those who wait
 *
 * Always true: one turn at a time. Between two bursts, memory holds nothing that the database does not, except results
 * of activities, whose activities would run again; within one, what it holds more is written before the platform commits. A crash before a commit makes the turn be done again; after it,
 * the history tells which effects are still open. While work is unfinished an alarm is set, or the alarm's own handler
 * is at work and would be called again after a crash. Whatever is still under way in a life that is closed ends without effect.
 */
export class TurnLoop implements Workload, ActivityOwner, Sender, Readable {
  readonly activities: ActivityRunner;
  readonly watchers: Watchers;
  readonly readability: Readability;
  readonly #ports: InstancePorts;
  readonly #burst: Burst;
  readonly #alarm: AlarmKeeper;

  readonly #log: InstanceLog;
  readonly #onTheWay = new OnTheWay();
  #current: Life;
  /** Without a pause, in which others get their turn. */
  #turnsInARow = 0;

  /** To be opened before anything else. */
  constructor(ports: InstancePorts) {
    this.#ports = ports;
    this.#current = this.#born({ type: "vacant" });
    this.#burst = new Burst(() => this.#burstEnded());
    this.watchers = new Watchers(ports.clock, this.#burst);
    this.#alarm = new AlarmKeeper(ports, this.watchers, this, this.#burst);
    this.activities = new ActivityRunner(ports, this);
    this.#log = new InstanceLog(ports);
    this.readability = new Readability(ports, this);
  }

  get current(): Life {
    return this.#current;
  }

  get record(): InstanceRecord | undefined {
    return this.#current.record;
  }

  get execution(): LiveExecution {
    return this.#current.execution;
  }

  /** A turn is being taken or about to be. */
  get isRunning(): boolean {
    return this.#current.isRunning;
  }

  /** Something was accepted, by this life or the one before, that no turn has taken; or a stall that other code may have ended. */
  get isBehind(): boolean {
    if (this.isStalled) return false;
    const status = this.record?.status;
    if (status === "STALLED" || this.#current.mustReread) return true;
    return !this.queue.waitsForStart && (this.queue.length > 0 || status === "PENDING");
  }

  /** The code of this life cannot go on with the history, or not even read it. */
  get isStalled(): boolean {
    return this.isUnreadable || this.orchestration?.stall !== undefined;
  }

  /** What waits to be taken. */
  get queue(): FactQueue {
    return this.#current.queue;
  }

  get outbox(): Outbox {
    return this.#current.outbox;
  }

  /** The execution in memory, when there is one. */
  get orchestration(): Orchestration | undefined {
    return this.execution.orchestration;
  }

  /** The outline of the history as it is recorded, when memory knows it; `undefined`: the database does. */
  get outline(): Outline | undefined {
    return this.execution.outline;
  }

  updateOutcome(updateId: string): UpdateOutcome | undefined {
    return this.execution.updateOutcome(updateId);
  }

  get hasEnded(): boolean {
    return this.record !== undefined && isTerminal(this.record.status);
  }

  get isBusy(): boolean {
    return this.isRunning || this.#awaitsActivities || this.#onTheWay.count > 0;
  }

  /** Nobody takes the results of an execution that was terminated, or has continued as new. */
  get #awaitsActivities(): boolean {
    const record = this.record;
    if (this.activities.size === 0 || record === undefined || record.status === "TERMINATED") return false;
    return this.activities.isRunningFor(record.executionId);
  }

  /** Why the database cannot be read. */
  get unreadable(): UnreadableError | undefined {
    return this.#current.unreadable;
  }

  get isUnreadable(): boolean {
    return this.unreadable !== undefined;
  }

  /** Before its start an instance has no history to load. */
  get isLoaded(): boolean {
    return this.orchestration !== undefined || this.queue.waitsForStart;
  }

  nextDueAtMs(afterMs: number): number {
    const deliveryAtMs = ifLater(this.outbox.nextAttemptAtMs(), afterMs);
    if (this.isStalled) return Math.min(ifLater(this.#current.stallWatch.retryAtMs, afterMs), deliveryAtMs);
    const timerAtMs = ifLater(this.orchestration?.pending.nextTimerAtMs() ?? NEVER, afterMs);
    const startAtMs = ifLater(this.queue.startAtMs(this.#ports.clock.now()), afterMs);
    const { retryAtMs: atMs } = this.#current;
    const retryAtMs = atMs > this.#ports.clock.now() ? ifLater(atMs, afterMs) : NEVER;
    return Math.min(deliveryAtMs, timerAtMs, startAtMs, retryAtMs);
  }

  /** Reads what the database holds. To be awaited once before anything else; `isRinging`: no alarm is set any more, and `ring` comes next. */
  async open(isRinging: boolean): Promise<void> {
    await this.#readAll();
    if (!isRinging) await this.#alarm.open();
  }

  /** `isRepeated`: as in `AlarmKeeper.ring`. */
  ring(ring: Ring, isRepeated: boolean): Promise<void> {
    return this.#alarm.ring(ring, isRepeated);
  }

  /** Creates the instance in the database, with that history; its first turn waits until `scheduledAtMs`, if there is one. */
  begin(record: InstanceRecord, started: HistoryEvent, scheduledAtMs: number | undefined): void {
    this.#burst.goOn();
    const scheduledStart = this.#ports.store.create(record, started, scheduledAtMs, true);
    this.activities.dropWaiting();
    const history = scheduledStart === undefined ? [started] : undefined;
    this.#enter({ type: "begun", record, history, scheduledStart });
    if (this.queue.waitsForStart) this.#alarm.arm();
    else this.run();
  }

  /** The life ends here, and the next one begins. */
  #enter(birth: Birth): void {
    this.#current.close();
    this.#current = this.#born(birth);
  }

  #born(birth: Birth): Life {
    return new Life({ ports: this.#ports, sender: this, onTheWay: this.#onTheWay }, birth);
  }

  /** The instance is about to be removed. What is held back could not be written into the tables any more, so it is before. */
  leave(): void {
    this.#ports.store.flush();
    this.activities.dropWaiting();
    this.#enter({ type: "vacant" });
  }

  /** The same, for a purge that takes a while. */
  abandon(): void {
    this.#alarm.guard();
    this.leave();
  }

  /** Begins again with what the database holds, if it holds anything. */
  async reopen(): Promise<void> {
    try {
      await this.#readAll();
    } catch (error) {
      // Memory knows of no instance, and the database may hold one.
      this.#ports.abort("What a purge has left could not be read: this instance begins again with what is on disk.");
      throw error;
    }
    if (this.record === undefined) return this.wiped();
    this.run();
  }

  /** The database and the alarm have been wiped. */
  wiped(): void {
    this.activities.abort(new Error("The workflow was purged"));
    this.#alarm.wiped();
    this.watchers.notify();
  }

  /** A parent that has not heard of the end would wait for it for ever: no trace of it goes before the message has. */
  async hasDelivered(): Promise<boolean> {
    this.outbox.deliverDue();
    // What cannot be read is not in memory, and may have messages.
    await this.watchers.until(() => this.isUnreadable || this.#isOutboxEmpty, this.#ports.limits.watchdogMs);
    return !this.isUnreadable && this.#isOutboxEmpty;
  }

  /** On disk too: memory gets the messages of a turn after its commit. */
  get #isOutboxEmpty(): boolean {
    try {
      return this.outbox.isEmpty && this.#ports.store.hasDelivered;
    } catch {
      return false;
    }
  }

  /**
   * Takes a fact into the inbox and goes on with it. Dropped when the instance has ended, or the execution it is for, or when it is
   * not for this instance.
   */
  receive(
    fact: HistoryFact,
    executionId?: string,
    isFor?: (instance: InstanceRecord) => boolean,
  ): void | Promise<void> {
    const wasThere = this.record !== undefined;
    const receive = () => {
      this.readability.check();
      const record = this.record;
      // A purge that has begun while the fact was encrypted may fail, and the instance go on without it.
      if (record === undefined && wasThere) throw new Error("The instance is being purged: what was sent is not kept");
      if (record === undefined || isTerminal(record.status)) return;
      if (executionId !== undefined && executionId !== record.executionId) return;
      if (isFor?.(record) === false || this.queue.changesNothing(fact)) return;
      this.enqueue(this.#ports.store.receive({ fact, executionId }));
    };
    return writing(this.#ports, () => textsOfFact(fact), receive);
  }

  proceed(): void {
    this.queue.releaseStart(this.#ports.clock.now());
    if (this.isStalled && this.#current.stallWatch.isDue) {
      if (this.isUnreadable) return void this.#readAgain();
      this.execution.drop();
    }
    this.outbox.deliverDue();
    this.run();
  }

  /** Other keys, or other code, may have come. Never rejects. */
  async #readAgain(): Promise<void> {
    this.#current.stallWatch.begin();
    try {
      await this.#readAll();
    } catch (error) {
      this.#log.fault("reread", error);
    }
    this.run();
  }

  beCareful(): Promise<void> {
    this.#current.syncsBeforeActing = true;
    return this.#ports.sync();
  }

  /** Sets the loop going, unless it is. What there is to do is covered by an alarm, or done when the burst ends. */
  run(): void {
    if (this.isRunning || this.record === undefined) return;
    if (this.isUnreadable) return this.#alarm.arm();
    this.#current.isRunning = true;
    this.#alarm.arm();
    // A life before this one may have been asked to terminate, and have been held up.
    if (this.orchestration === undefined && this.queue.has("ExecutionTerminated")) this.#insistOnTerminate();
    void this.#loop(this.#current);
  }

  enqueue(item: QueuedFact): void {
    this.queue.add(item);
    this.queue.releaseStart(this.#ports.clock.now());
    if (item.fact.type === "ExecutionTerminated") {
      if (isEndedByTerminate(this.orchestration?.stall)) this.execution.giveUpCode();
      this.#insistOnTerminate();
    }
    this.run();
  }

  /** Code that awaits something else than its tasks may hold up its turn for ever. A terminate does not wait so long. */
  #insistOnTerminate(): void {
    const life = this.#current;
    const { turnsBegun } = life;
    this.#ports.clock.schedule(this.#ports.limits.terminatePatienceMs, () => {
      if (life.isClosed || !life.isRunning || life.turnsBegun > turnsBegun + 1) return;
      this.#enter({ type: "given up", former: life });
      this.run();
    });
  }

  activityEnded(run: ActivityRun, result: TaskCompleted | TaskFailed): void {
    if (run.executionId !== this.record?.executionId) return this.atRest();
    if (result.type === "TaskFailed") this.#log.attemptFailed(run.task, result.failure);
    this.queue.add({ fact: result, executionId: run.executionId });
    this.run();
  }

  progressSaved(taskId: number): void {
    this.#current.recoveries.add(taskId);
  }

  /** A life begins with what the database holds, unless another has begun by then. */
  #readAll(): Promise<void> {
    const former = this.#current;
    return readStored(this.#ports, (stored) => {
      if (former.isClosed) return;
      if (stored.type === "read") this.#enter({ ...stored, former });
      else if (stored.type === "unreadable") this.#enterUnreadable(stored.error);
      else this.#enter(stored);
    });
  }

  /** Memory lets go of what it holds, and leaves the database as it is, until other code or keys have come. */
  #enterUnreadable(error: UnreadableError): void {
    const former = this.#current;
    if (former.unreadable === undefined) this.#log.unreadable(error);
    this.#enter({
      type: "unreadable",
      record: former.record ?? unknownRecord(this.#ports.instanceId()),
      error,
      former,
    });
  }

  cannotRead(error: UnreadableError): void {
    this.#enterUnreadable(error);
    this.atRest();
  }

  // One turn after the other.

  /** Never rejects. */
  async #loop(life: Life): Promise<void> {
    try {
      this.outbox.deliverDue();
      while (!life.isClosed && this.#hasWork()) {
        await this.#takeTurn(life);
        if (life.warnings.isTight) await this.#ports.clock.delay(1_000);
        else if (++this.#turnsInARow >= this.#ports.limits.turnsPerPause) await this.#ports.clock.delay(0);
      }
    } catch (error) {
      if (!life.isClosed) this.#turnFailed(error);
    }
    if (life.isClosed) return;
    life.warnings.unwatchTurn();
    life.isRunning = false;
    this.atRest();
  }

  /** What the burst has held back is written now, in the same commit as all the rest of it. */
  #burstEnded(): void {
    this.#turnsInARow = 0;
    try {
      this.#ports.store.flush();
    } catch (error) {
      // Memory is ahead of what would be committed, and activities have been begun on the strength of it.
      this.#log.fault("flush", error);
      return this.#ports.abort(
        "What this instance has decided could not be written: it begins again with what is on disk.",
      );
    }
    this.#alarm.armForWork();
    this.watchers.burstEnded();
    if (this.isRunning) this.#current.warnings.watchTurn();
  }

  #hasWork(): boolean {
    if (
      this.isUnreadable ||
      this.queue.waitsForStart ||
      (this.#current.retryAtMs !== 0 && this.#current.retryAtMs > this.#ports.clock.now())
    )
      return false;
    const orchestration = this.orchestration;
    if (orchestration?.stall !== undefined && !orchestration.hasUncommitted) return false;
    if (orchestration === undefined || this.queue.length > 0 || orchestration.hasUncommitted) return true;
    const nextTimerAtMs = orchestration.pending.nextTimerAtMs();
    return nextTimerAtMs !== NEVER && nextTimerAtMs <= this.#ports.clock.now();
  }

  async #takeTurn(life: Life): Promise<void> {
    life.turnsBegun++;
    life.warnings.unwatchTurn();
    this.#burst.goOn();
    if (life.mustReread) {
      await readQueues(this.#ports, (queues) => {
        if (!life.isClosed) life.useQueues(queues);
      });
      if (life.isClosed) return;
      life.mustReread = false;
      this.queue.releaseStart(this.#ports.clock.now());
      if (this.queue.waitsForStart) return;
      this.outbox.deliverDue();
      if (this.queue.has("ExecutionTerminated")) this.#insistOnTerminate();
    }
    const orchestration = this.orchestration ?? (await this.#load(life));
    if (life.isClosed || orchestration === undefined) return;
    const nowMs = this.#ports.clock.now();
    const queued = this.queue.takeAll();
    const executionId = this.record?.executionId;
    const meant = queued.filter((item) => item.executionId === undefined || item.executionId === executionId);
    const facts = meant.map((item) => item.fact);
    for (const id of orchestration.pending.dueTimers(nowMs)) facts.push({ type: "TimerFired", id });
    if (queued.length === 0 && facts.length === 0 && !orchestration.hasUncommitted) return;
    const turn = await this.execution.decide(orchestration, facts, nowMs);
    if (life.isClosed) return;
    // What continue-as-new has left untaken stays for the execution that it begins.
    const left = new Set(turn.taken === meant.length ? [] : meant.slice(turn.taken));
    const taken = left.size === 0 ? queued : queued.filter((item) => !left.has(item));
    const before = this.record as InstanceRecord;
    const { change, record } = this.execution.changeOf(turn, before, taken, nowMs);
    const commit = this.#commit(turn, change, life);
    const sent = commit instanceof Promise ? await commit : commit;
    if (sent === undefined) return;
    this.queue.committed(left);
    life.record = record;
    this.execution.committed();
    life.failedTurns = 0;
    const hadNothingToDo = before.status === "PENDING" && taken.length === 0 && turn.events.length === 0;
    life.warnings.afterTurn(turn, record.instanceId, hadNothingToDo);
    if (change.newHistory !== undefined) {
      life.recoveries = new Recoveries(this.#ports);
      await life.execution.continue(turn.updates, change.newHistory);
    }
    if (life.syncsBeforeActing) await this.#syncOnce(life);
    if (!life.isClosed) this.#act(turn, sent, before, record);
  }

  async #load(life: Life): Promise<Orchestration | undefined> {
    const record = this.record as InstanceRecord;
    const loaded = await life.execution.load(record);
    // Asked once more: between the answer and here another life may have begun.
    if (loaded === undefined || life.isClosed) return undefined;
    const { orchestration, history } = loaded;
    if (orchestration.stall !== undefined) {
      this.#current.stallWatch.begin(history);
      const isToEnd = this.queue.has("ExecutionTerminated") && isEndedByTerminate(orchestration.stall);
      // It is loaded again at once, without its code.
      return isToEnd ? this.execution.giveUpCode() : this.execution.keep(loaded);
    }
    const { executionId } = record;
    const running = this.activities.tasksOf(executionId);
    // The life before this one may have written rows for them.
    for (const id of running) this.#current.recoveries.add(id);
    const known = new Set([...this.queue.endedActivities(executionId), ...running]);
    const open = [...orchestration.pending.activities.values()].filter((task) => !known.has(task.id));
    if (this.execution.isWithoutCode && this.queue.has("ExecutionTerminated")) {
      // The turn to come ends it, and takes no results any more.
      for (const { id } of open) this.#current.recoveries.add(id);
    } else if (open.length > 0) {
      const recovery = await life.recoveries.plan(life, executionId, open, this);
      if (recovery === undefined || life.isClosed) return undefined;
      for (const { task, fact } of recovery.giveUp) {
        this.#log.attemptFailed(task, fact.failure);
        this.queue.add({ fact, executionId });
      }
      for (const run of recovery.run) this.activities.start(run);
    }
    return this.execution.keep(loaded);
  }

  /** Returns the messages to deliver; `undefined` when this life has ended while texts were encrypted. */
  #commit(turn: Turn, change: TurnChange, life: Life): Committed | Promise<Committed> {
    if (this.#ports.vault === undefined) return this.#write(turn, change);
    const write = () => (!life.isClosed ? this.#write(turn, change) : undefined);
    return writing(this.#ports, () => textsOf(change), write);
  }

  #write(turn: Turn, change: TurnChange): OutboxEntry[] {
    this.#burst.goOn();
    const recovered = this.#current.recoveries.answeredBy(turn);
    const sent = this.#ports.store.commit(recovered === undefined ? change : { ...change, recovered }, true);
    if (recovered !== undefined) this.#current.recoveries.drop(recovered);
    return sent;
  }

  async #syncOnce(life: Life): Promise<void> {
    await this.#ports.sync();
    if (!life.isClosed) life.syncsBeforeActing = false;
  }

  /** What has been decided is recorded: it may happen. */
  #act(turn: Turn, sent: readonly OutboxEntry[], before: InstanceRecord, record: InstanceRecord): void {
    this.execution.recorded();
    const { executionId } = record;
    if (sent.length > 0) {
      this.outbox.add(sent);
      this.outbox.deliverDue();
    }
    if (turn.aborts.length > 0) this.activities.abort(new WorkflowCanceledError(undefined), executionId, turn.aborts);
    for (const task of turn.activities) this.activities.start({ executionId, task });
    if (record.status === "STALLED") this.#log.stalled(record, turn);
    if (record.status !== before.status) this.#statusChanged(record, turn);
    else if (turn.updates.length > 0) this.watchers.notify();
  }

  /** Whether what is known of this execution still belongs to the instance. */
  isCurrent(executionId: string): boolean {
    return this.record?.executionId === executionId && this.record.status !== "TERMINATED";
  }

  #statusChanged(record: InstanceRecord, turn: Turn): void {
    if (record.status === "TERMINATED") {
      this.activities.dropWaiting();
      this.activities.abort(new Error("The workflow was terminated"));
    }
    if (record.status === "STALLED") this.#current.stallWatch.begin();
    if (isTerminal(record.status)) this.#log.ended(record, turn);
    this.watchers.notify();
  }

  /** An activity could not be counted, and so was not run: the next attempt finds it open again. */
  activityBroken(error: unknown): void {
    if (this.record === undefined) return;
    this.#turnFailed(error);
    this.atRest();
  }

  /** A fault of ours, or of the storage. Memory is no longer to be trusted: the database is read again, after a pause. */
  #turnFailed(error: unknown): void {
    // A turn that is being taken would be written beside what cannot be read.
    if (error instanceof UnreadableError) return this.cannotRead(error);
    const life = this.#current;
    life.failedTurns++;
    life.execution.drop();
    life.mustReread = true;
    life.syncsBeforeActing = true;
    life.retryAtMs = this.#ports.clock.now() + retryDelayMs(this.#ports.limits, life.failedTurns);
    this.#log.turnFailed(life.failedTurns, error);
  }

  /** A message is not on its way any more. */
  deliveryEnded(): void {
    this.outbox.deliverDue();
    this.atRest();
  }

  /** Nothing moves just now, or something has come to rest: what is the next to wait for? */
  atRest(): void {
    if (!this.isRunning && this.record !== undefined && this.isLoaded && this.#hasWork()) return this.run();
    this.#alarm.arm();
    this.watchers.notify();
  }
}

/** Of an instance of which nothing could be read. */
function unknownRecord(instanceId: string): InstanceRecord {
  return { instanceId, name: "", status: "STALLED", executionId: "", generation: 0, createdAtMs: 0 };
}

function ifLater(atMs: number, afterMs: number): number {
  return atMs > afterMs ? atMs : NEVER;
}
