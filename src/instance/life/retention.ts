import { isOfSchedule } from "../../model/ids.ts";
import { retentionOf } from "../../model/retention.ts";
import { isTerminal } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { InstanceLog } from "../instance-log.ts";
import { retryDelayMs } from "../limits.ts";
import type { InstancePorts } from "../ports.ts";
import type { Life } from "./life.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** So long an instance of a schedule stays, that a start of it which comes again finds it. */
const LEAST_OF_SCHEDULE_MS = 3_600_000;

function leastOf({ startRequestId }: InstanceRecord): number {
  return isOfSchedule(startRequestId) ? LEAST_OF_SCHEDULE_MS : 0;
}

/** The instance that is kept for a time. */
export interface Kept {
  readonly life: Life;
  readonly isBusy: boolean;
  /** Receivers of webhooks are still to be told of it. */
  readonly isNotifying: boolean;
  /** Purges it, and no other that has its ID by then. False: it is still there. Rejects when the storage fails. */
  expire(record: InstanceRecord): Promise<boolean>;
  atRest(): void;
  readonly log: InstanceLog;
}

/**
 * How long the instance is kept after its end: as its start has said, or by today's policy. Then it is purged, and its children are not.
 */
export class Retention {
  readonly #ports: InstancePorts;
  readonly #of: Kept;
  /** What is known to have ended, and when: of any other it is read. */
  #ended: InstanceRecord | undefined;
  #endedAtMs = NEVER;
  #failures = 0;
  #notBeforeMs = 0;
  #waiting = 0;
  #isUnderWay = false;

  constructor(ports: InstancePorts, of: Kept) {
    this.#ports = ports;
    this.#of = of;
  }

  /** The instance is being purged because its time is over. */
  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /** It has ended, and goes as soon as everybody who waits has an answer. */
  get isNone(): boolean {
    const { record } = this.#of.life;
    return record !== undefined && this.#keptMs(record) === 0;
  }

  /** When the instance is to go; infinity for never. */
  dueAtMs(): number {
    const { life } = this.#of;
    const { record } = life;
    if (record === undefined || !life.hasEnded || life.isUnreadable || this.#of.isNotifying) return NEVER;
    const keptMs = this.#keptMs(record);
    if (keptMs === undefined) return NEVER;
    try {
      return Math.max(this.#endOf(life, record) + keptMs, this.#notBeforeMs);
    } catch {
      // The disk does not tell when it ended: the alarm asks again.
      return this.#ports.clock.now() + this.#ports.limits.watchdogMs;
    }
  }

  /** Whether the catalog may have it go, which knows nothing of schedules. */
  mayGo(record: InstanceRecord): boolean {
    const leastMs = leastOf(record);
    return leastMs === 0 || this.#endOf(this.#of.life, record) + leastMs <= this.#ports.clock.now();
  }

  #keptMs(record: InstanceRecord): number | undefined {
    const { status, retentionMs } = record;
    if (!isTerminal(status)) return undefined;
    const wishedMs = retentionMs ?? retentionOf(this.#ports.retention ?? {}, status);
    const keptMs = wishedMs === undefined ? undefined : Math.max(wishedMs, leastOf(record));
    // Whoever is listed is told by the catalog when its time is over, and needs no alarm for that.
    return this.#ports.catalog === undefined || keptMs === 0 ? keptMs : undefined;
  }

  #endOf({ outline }: Life, record: InstanceRecord): number {
    if (this.#ended === record) return this.#endedAtMs;
    const { completedSeq = 0, createdAtMs } = record;
    this.#endedAtMs = outline?.completed?.timestampMs ?? this.#ports.store.timeOf(completedSeq) ?? createdAtMs;
    this.#ended = record;
    return this.#endedAtMs;
  }

  get isAwaited(): boolean {
    return this.#waiting > 0;
  }

  /** Somebody waits for the instance, and is to have an answer before it goes; `answered` must follow. */
  awaited(): void {
    this.#waiting++;
  }

  answered(): void {
    if (--this.#waiting > 0 || this.dueAtMs() === NEVER) return;
    this.#notBeforeMs = 0;
    this.look();
  }

  /** Lets it go, if its time is over and nothing of it is under way. */
  look(): void {
    const dueAtMs = this.dueAtMs();
    if (dueAtMs === NEVER || this.#isUnderWay) return;
    const { clock, limits } = this.#ports;
    const { life, isBusy } = this.#of;
    const { record } = life;
    if (record === undefined || dueAtMs > clock.now() || isBusy) return;
    if (this.#waiting > 0) this.#notBeforeMs = clock.now() + limits.watchdogMs;
    else if (life.isLoaded || !this.#mayHaveOpenWork(record)) void this.#expire(record);
  }

  /** An activity may be open still whose result it takes. */
  #mayHaveOpenWork({ status }: InstanceRecord): boolean {
    try {
      return this.#ports.store.hasOpenWork(status);
    } catch {
      return true;
    }
  }

  /** Never rejects. */
  async #expire(record: InstanceRecord): Promise<void> {
    this.#isUnderWay = true;
    try {
      if (await this.#of.expire(record)) this.#failures = 0;
      else this.#putOff();
    } catch (error) {
      this.#of.log.fault("retention", error);
      this.#putOff();
    }
    this.#isUnderWay = false;
    this.#of.atRest();
  }

  #putOff(): void {
    const { clock, limits } = this.#ports;
    this.#failures++;
    this.#notBeforeMs = clock.now() + retryDelayMs(limits, this.#failures);
  }
}
