import type { TaskCompleted, TaskFailed } from "../../model/history-event.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { InboxEntry } from "../../storage/instance-store.ts";
import type { UnreadableError } from "../../storage/unreadable-error.ts";
import { type ActivityOwner, type ActivityRun, ActivityRunner } from "../activities/index.ts";
import { type Announced, Announcer } from "../announcing/index.ts";
import { OnTheWay, type Sender } from "../delivery/index.ts";
import { InstanceLog } from "../instance-log.ts";
import { Leases } from "../leasing/index.ts";
import { type Notified, Notifier } from "../notifying/index.ts";
import type { InstancePorts } from "../ports.ts";
import { Tracer } from "../tracing/index.ts";
import { AlarmKeeper, Burst, Watchers, type Workload } from "../waking/index.ts";
import { Watching } from "../watching/index.ts";
import type { Lasting } from "./lasting.ts";
import type { Life } from "./life.ts";
import { type Kept, Retention } from "./retention.ts";
import { Tenant } from "./tenant.ts";
import type { TurnLoop } from "./turn-loop.ts";

/** Who opens and closes lives. */
export interface LifeKeeper {
  /** Of the life that is current. */
  readonly loop: TurnLoop;
  /** The database has gone, and has not been read again: what memory owed would set an alarm, with nothing there to wake. */
  readonly isWiped: boolean;
  giveUpCode(): void;
  expire(record: InstanceRecord): Promise<boolean>;
  cannotRead(error: UnreadableError): void;
  /** Other keys, or other code, may have come. */
  readAgain(): void;
}

/**
 * What outlasts a life: the alarm, those who wait, activities that run, messages on their way, the burst. What they have to tell
 * is told the life that is current by then.
 */
export class Household implements Lasting, Workload, ActivityOwner, Sender, Kept, Announced, Notified {
  readonly ports: InstancePorts;
  readonly log: InstanceLog;
  readonly burst: Burst;
  readonly watchers: Watchers;
  readonly watching: Watching;
  readonly alarm: AlarmKeeper;
  readonly activities: ActivityRunner;
  readonly leases: Leases | undefined;
  readonly announcer: Announcer | undefined;
  readonly notifier: Notifier | undefined;
  readonly tracer: Tracer | undefined;
  readonly onTheWay = new OnTheWay();
  readonly retention: Retention;
  readonly #lives: LifeKeeper;

  constructor(ports: InstancePorts, lives: LifeKeeper) {
    this.ports = ports;
    this.#lives = lives;
    this.log = new InstanceLog(ports);
    this.burst = new Burst(() => this.#burstEnded());
    this.watchers = new Watchers(ports.clock, this.burst);
    this.watching = new Watching(ports, this);
    this.alarm = new AlarmKeeper(ports, this.watchers, this, this.burst);
    this.leases = ports.registry.limits.areNone ? undefined : new Leases(ports, new Tenant(this, lives));
    this.activities = new ActivityRunner(ports, this, this.leases);
    this.retention = new Retention(ports, this);
    this.announcer = ports.catalog && new Announcer(ports, ports.catalog, this);
    this.tracer = ports.traces && new Tracer(ports, ports.traces, this);
    this.notifier = ports.webhooks && new Notifier(ports, ports.webhooks, this);
  }

  get life(): Life {
    return this.#lives.loop.life;
  }

  get record(): InstanceRecord | undefined {
    return this.life.record;
  }

  expire(record: InstanceRecord): Promise<boolean> {
    return this.#lives.expire(record);
  }

  giveUpCode(): void {
    this.#lives.giveUpCode();
  }

  cannotRead(error: UnreadableError): void {
    this.#lives.cannotRead(error);
  }

  /** What the burst has held back is written now, in the same commit as all the rest of it. */
  #burstEnded(): void {
    try {
      this.ports.store.flush();
    } catch (error) {
      // Memory is ahead of what would be committed, and activities have been begun on the strength of it.
      this.log.fault("flush", error);
      return this.ports.abort(
        "What this instance has decided could not be written: it begins again with what is on disk.",
      );
    }
    this.leases?.flush();
    this.alarm.armForWork();
    this.watchers.burstEnded();
    this.watching.tell();
    this.#lives.loop.burstEnded();
    this.retention.look();
    this.announcer?.look();
    this.tracer?.look();
  }

  /** The database has been wiped, and the alarm with it, unless something is still to be told. */
  wiped(): void {
    this.activities.abort(new Error("The workflow was purged"));
    this.alarm.wiped();
    this.watching.gone();
    this.alarm.arm();
  }

  // The alarm rings, or is to be set.

  get isBusy(): boolean {
    const isAtWork = this.#lives.loop.isRunning || this.#awaitsActivities || this.onTheWay.count > 0;
    const isCalling = this.announcer?.isPaying || this.notifier?.isSending || this.leases?.isAsking;
    return isAtWork || isCalling === true || this.retention.isUnderWay;
  }

  get isTelling(): boolean {
    return this.announcer?.isTelling === true || this.tracer?.isSending === true;
  }

  get isOwing(): boolean {
    return !this.#lives.isWiped && (this.announcer?.isOwing === true || this.isNotifying);
  }

  /** Receivers of webhooks are still to be told of something. */
  get isNotifying(): boolean {
    return this.notifier?.isOwing === true;
  }

  /** Nobody takes the results of an execution that was terminated, or has continued as new. */
  get #awaitsActivities(): boolean {
    const { record } = this;
    if (this.activities.size === 0 || record === undefined || record.status === "TERMINATED") return false;
    return this.activities.isRunningFor(record.executionId);
  }

  get isLoaded(): boolean {
    return this.#lives.loop.life.isLoaded;
  }

  get isUnreadable(): boolean {
    return this.#lives.loop.life.isUnreadable;
  }

  nextDueAtMs(afterMs: number): number {
    const dueAtMs = this.#lives.loop.life.nextDueAtMs(afterMs);
    const tellAtMs = this.announcer?.nextAttemptAtMs() ?? dueAtMs;
    const leaseAtMs = this.leases?.nextDueAtMs(afterMs) ?? dueAtMs;
    const sendAtMs = this.notifier?.nextAttemptAtMs() ?? dueAtMs;
    const ifLater = (atMs: number) => (atMs > afterMs ? atMs : dueAtMs);
    return Math.min(dueAtMs, leaseAtMs, ifLater(tellAtMs), ifLater(sendAtMs));
  }

  get isNotKept(): boolean {
    // What has been told of a life before it is taken back by telling of this one.
    return this.retention.isNone && this.record?.listing?.former === undefined;
  }

  expiresAtMs(): number {
    return this.retention.dueAtMs();
  }

  proceed(): void {
    const { life } = this.#lives.loop;
    // What is not needed for that is not even loaded.
    this.retention.look();
    if (this.retention.isUnderWay) return;
    life.queue.releaseStart(this.ports.clock.now());
    if (life.isStalled && life.stallWatch.isDue) {
      if (life.isUnreadable) return this.#lives.readAgain();
      life.execution.drop();
    }
    life.outbox.deliverDue();
    this.announcer?.payDue();
    this.notifier?.sendDue();
    this.leases?.look();
    this.#lives.loop.run();
  }

  beCareful(): Promise<void> {
    this.#lives.loop.life.syncsBeforeActing = true;
    return this.ports.sync();
  }

  // An activity has ended, or tells of itself.

  isCurrent(executionId: string): boolean {
    return this.record?.executionId === executionId && this.record.status !== "TERMINATED";
  }

  activityEnded(run: ActivityRun, result: TaskCompleted | TaskFailed): void {
    if (run.executionId !== this.record?.executionId) return this.atRest();
    if (result.type === "TaskFailed") this.log.attemptFailed(run.task, result.failure);
    this.#lives.loop.life.queue.add({ fact: result, executionId: run.executionId });
    this.#lives.loop.run();
  }

  /** It could not be counted, and so was not run: the next attempt finds it open again. */
  activityBroken(run: ActivityRun, error: unknown): void {
    if (run.executionId === this.record?.executionId) this.#lives.loop.failed(error);
    this.atRest();
  }

  progressSaved(taskId: number): void {
    this.#lives.loop.life.recoveries.add(taskId);
  }

  // A message has been answered, or not.

  get hasEnded(): boolean {
    return this.#lives.loop.life.hasEnded;
  }

  enqueue(entry: InboxEntry): void {
    this.#lives.loop.enqueue(entry);
  }

  deliveryEnded(): void {
    this.#lives.loop.life.outbox.deliverDue();
    this.atRest();
  }

  atRest(): void {
    this.#lives.loop.atRest();
  }
}
