import { isTerminal, type RuntimeStatus } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import { retryDelayMs } from "../limits.ts";
import type { InstancePorts } from "../ports.ts";
import type { Burst } from "./burst.ts";
import { isPutOffTo } from "./stall-watch.ts";
import type { Watchers } from "./watchers.ts";

const NEVER = Number.POSITIVE_INFINITY;
const ALWAYS = Number.NEGATIVE_INFINITY;
/** In the year 2188: the platform refuses alarms later than 2189. What is due later is looked at then. */
const MAX_ALARM_MS = 6_900_000_000_000;
const DAY_MS = 86_400_000;
/** An alarm has rung: how often before in vain, as the platform counts, and for when it was set (milliseconds since 1970). */
export interface Ring {
  readonly retryCount: number;
  readonly scheduledTime: number;
}

/** What the alarm is for. Times are in milliseconds since 1970, infinity for never. */
export interface Workload {
  /** `undefined`: there is no instance. */
  readonly record: InstanceRecord | undefined;
  /** The catalog is still to be told of something, be it of an instance that is gone. */
  readonly isOwing: boolean;
  /** Something is under way just now: a turn, an activity, a delivery. */
  readonly isBusy: boolean;
  /** The catalog is being told of something. No alarm is set for that, but the handler of one stays. */
  readonly isTelling: boolean;
  /** False while the history has not been read: there may be timers that memory does not know. */
  readonly isLoaded: boolean;
  /** What the database holds cannot be read: nothing is known but when to look again. */
  readonly isUnreadable: boolean;
  /** When something falls due next, of what is due later than `afterMs`. */
  nextDueAtMs(afterMs: number): number;
  /** When it goes, because its time after its end is over; infinity for never. */
  expiresAtMs(): number;
  /** Goes on with whatever is due. */
  proceed(): void;
  /** Before anything else is run: what is written from here on is on disk first. */
  beCareful(): Promise<void>;
}

/**
 * The one place that sets the object's alarm, and the handler of its ringing. Setting it is billed as a row written, so
 * an alarm that comes early is left alone while there is work: when it rings, it finds out what to wait for next.
 *
 *   nothing to wait for: no alarm
 *   something is due later, the end of its retention too: an alarm at that time
 *   work is under way: an alarm within `watchdogMs`, or the alarm's own handler, which is called again after a crash
 *
 * Work that ends without waiting for I/O needs no alarm at all, so one for work under way waits for the end of the burst.
 */
export class AlarmKeeper {
  readonly #ports: InstancePorts;
  readonly #watchers: Watchers;
  readonly #work: Workload;
  readonly #burst: Burst;
  /** `null`: none is set. */
  #armedAtMs: number | null = null;
  /** A handler is at work, and would be called again after a crash: no other alarm has been set since it rang. */
  #isCovered = false;

  constructor(ports: InstancePorts, watchers: Watchers, work: Workload, burst: Burst) {
    this.#ports = ports;
    this.#watchers = watchers;
    this.#work = work;
    this.#burst = burst;
  }

  /** There is nothing to wake. */
  get #isVacant(): boolean {
    return this.#work.record === undefined && !this.#work.isOwing;
  }

  /**
   * Learns which alarm is set. One that is long past will not ring any more, or has been dropped (both seen in production,
   * cloudflare-docs#18324): whoever asks after the instance sets it again. One that has failed because the disk did is
   * tried again after a pause that doubles, locally up to 17 min, and no other rings before: whoever asks does not wait
   * for that either, nor for one that was put off while the instance could not be read.
   */
  async open(): Promise<void> {
    const { record, isOwing } = this.#work;
    if (this.#isVacant) return;
    const armedAtMs = await this.#ports.alarm.get();
    const lateMs = armedAtMs === null ? 0 : this.#ports.clock.now() - armedAtMs;
    const isLost = lateMs > 60_000;
    this.#armedAtMs = isLost ? null : armedAtMs;
    // Other code, or other keys, may be back before it rings, and the time that it was set for matters then.
    if (this.#work.isUnreadable) return this.#set(this.#work.nextDueAtMs(ALWAYS), false);
    const isMissing =
      armedAtMs === null && (record === undefined || isOwing || this.#ports.store.hasOpenWork(record.status));
    if (isLost || isMissing) this.#set(0, false);
    else if (record !== undefined && isTerminal(record.status)) this.#armForEnd();
    const isPutOff = armedAtMs !== null && isPutOffTo(armedAtMs);
    if (isPutOff || lateMs > this.#ports.limits.watchdogMs) this.#work.proceed();
  }

  /** Today's policy may let an ended one go earlier than the alarm is set for, or at all. */
  #armForEnd(): void {
    const expiresAtMs = this.#work.expiresAtMs();
    if (expiresAtMs !== NEVER) this.#set(expiresAtMs, false);
  }

  /** The alarm has been removed together with the database: a handler that is still at work would not be called again. */
  wiped(): void {
    this.#armedAtMs = null;
    this.#isCovered = false;
  }

  /**
   * The alarm has rung. Stays until nothing is left to do at once, so that the platform keeps the object at work. When
   * it rings again after a failure, another is set first, because the platform gives up after the seventh. `isRepeated`: the
   * handler would be called again after a crash, which it is not when a purge has removed its alarm, or set another.
   */
  async ring({ retryCount, scheduledTime }: Ring, isRepeated: boolean): Promise<void> {
    this.#armedAtMs = null;
    this.#isCovered = isRepeated;
    try {
      if (this.#isVacant) return;
      // This machine's clock may be behind the one that rings. Set again for the same time, the alarm would ring at once,
      // and again, until the clock has caught up.
      const earlyMs = scheduledTime - this.#ports.clock.now();
      if (earlyMs > 0) await this.#ports.clock.delay(Math.min(earlyMs, this.#ports.limits.watchdogMs));
      // A purge may have come meanwhile.
      if (this.#isVacant) return;
      if (retryCount > 0) {
        this.#set(this.#ports.clock.now() + retryDelayMs(this.#ports.limits, retryCount), false);
        await this.#work.beCareful();
      }
      this.#work.proceed();
      await this.#stay();
    } finally {
      this.#isCovered = false;
      this.arm();
    }
  }

  /**
   * What the database holds is to be removed, which may take a while: should it not come to its end, the instance goes on.
   * The alarm that is set may have rung already, with its handler waiting for a purge before this one.
   */
  guard(): void {
    this.#set(this.#ports.clock.now() + this.#ports.limits.watchdogMs, true);
  }

  /** Sets, moves or removes the alarm, as the work needs it now; that of work under way when the burst is over. */
  arm(): void {
    const { record, isBusy, isLoaded, isUnreadable } = this.#work;
    if (this.#isVacant) return;
    if (isBusy) return this.#burst.goOn();
    const dueAtMs = this.#work.nextDueAtMs(ALWAYS);
    const hasEnded = (status: RuntimeStatus) => isTerminal(status) && !this.#mayHaveOpenWork(status);
    const isKnown = isLoaded || record === undefined || hasEnded(record.status);
    if (dueAtMs !== NEVER || isKnown) this.#set(Math.min(dueAtMs, this.#work.expiresAtMs()), !isUnreadable);
    else this.#set(this.#ports.clock.now() + this.#ports.limits.watchdogMs, false);
  }

  /** Of an ended instance that was not loaded: an activity may be open still, whose result it takes. */
  #mayHaveOpenWork(status: RuntimeStatus): boolean {
    try {
      return this.#ports.store.hasOpenWork(status);
    } catch {
      // The alarm will find out.
      return true;
    }
  }

  /** The burst is over: work that is still under way waits for something, which a crash would end. */
  armForWork(): void {
    if (this.#isVacant || !this.#work.isBusy) return;
    const atMs = this.#missingAtMs();
    if (atMs !== undefined) this.#set(atMs, false);
  }

  /** When work under way needs its alarm; `undefined` when an earlier one, or a handler, stands for it. */
  #missingAtMs(): number | undefined {
    // What is due already is being dealt with.
    const nextAtMs = this.#nextDueAtMs();
    if (this.#isCovered && nextAtMs === NEVER) return undefined;
    const atMs = Math.min(nextAtMs, this.#ports.clock.now() + this.#ports.limits.watchdogMs);
    return this.#armedAtMs !== null && this.#armedAtMs <= atMs ? undefined : atMs;
  }

  /** No other alarm rings while one's handler runs: what falls due meanwhile is done from here. */
  async #stay(): Promise<void> {
    const { clock, limits } = this.#ports;
    const untilMs = clock.now() + limits.alarmHostMs;
    const isAtWork = () => this.#work.isBusy || this.#work.isTelling;
    while (isAtWork() && clock.now() < untilMs) {
      const nextAtMs = this.#nextDueAtMs();
      const hasChanged = () => !isAtWork() || this.#nextDueAtMs() < nextAtMs;
      await this.#watchers.until(hasChanged, Math.min(nextAtMs, untilMs) - clock.now());
      if (clock.now() >= nextAtMs) this.#work.proceed();
    }
  }

  /** When something falls due that is not due yet. */
  #nextDueAtMs(): number {
    return this.#work.nextDueAtMs(this.#ports.clock.now());
  }

  /** An alarm at the time, or, unless it is to be exact, before it; infinity: none. */
  #set(atMs: number, exactly: boolean): void {
    if (atMs === NEVER) {
      if (this.#armedAtMs !== null) this.#ports.alarm.clear();
      this.#armedAtMs = null;
      return;
    }
    // An alarm set for the very moment in which one rings may be lost (workerd#6866): at least one millisecond on.
    const nowMs = this.#ports.clock.now();
    const at = Math.min(Math.max(Math.ceil(atMs), nowMs + 1), latestAlarmMs(nowMs));
    if (this.#armedAtMs !== null && (exactly ? this.#armedAtMs === at : this.#armedAtMs <= at)) return;
    this.#ports.alarm.set(at);
    this.#armedAtMs = at;
    this.#isCovered = false;
  }
}

/** A clock that has come that far shall not ring without a pause: the pauses grow, so that any time is reached in a few steps. */
function latestAlarmMs(nowMs: number): number {
  return Math.max(MAX_ALARM_MS, nowMs + Math.max(DAY_MS, nowMs - MAX_ALARM_MS));
}
