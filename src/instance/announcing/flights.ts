import type { CatalogEntry } from "../../model/catalog-entry.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import { retryDelayMs } from "../limits.ts";
import { errorFields } from "../log-text.ts";
import type { CatalogPort, InstancePorts } from "../ports.ts";
import { Counter, tellableEntry } from "./counter.ts";
import { Debts } from "./debts.ts";
import { isSameEntry, type Subject } from "./entry.ts";
import { Numbers } from "./numbers.ts";
import { announce } from "./telling.ts";

/** So long an answer, and a purge, wait for the catalog. */
export const PATIENCE_MS = 250;
/** What has not been answered by then never will be. */
const LOST_MS = 10_000;
/** Of the changes of a life that goes on, one is told in this time. */
const QUIET_MS = 1_000;

/** Whose lives are told of. */
export interface Announced {
  /** The life that is current. */
  readonly life: Subject;
  readonly burst: { readonly isOpen: boolean };
  /** It has ended and goes at once: nobody hears of it who has not heard of it before. */
  readonly isNotKept: boolean;
  /** When to wake next may have changed, and what somebody waits for. */
  atRest(): void;
}

/**
 * `vital`: without it the list would be wrong for long, so it is owed when it is not acknowledged in time. `reminder`: it may have been
 * told before, and is told again by whoever loads the object next. `partial`: a reminder that does not know what the code waits for.
 */
export type Importance = "vital" | "change" | "reminder" | "partial";

/** An announcement on its way. */
interface Flight {
  readonly record: InstanceRecord;
  readonly importance: Importance;
  /** Nobody waits for it any more, and nothing is told again. */
  isOver: boolean;
  /** The time is over in which it is waited for. */
  isLate: boolean;
  /** Of that time. */
  callOff: () => void;
}

/** Announcements of a life, one at a time: what the shard has, what is on its way to it, and what it is owed. */
export class Flights {
  readonly numbers: Numbers;
  readonly debts: Debts;
  /** `undefined`: nothing is counted. */
  readonly counter: Counter | undefined;
  readonly #ports: InstancePorts;
  readonly #catalog: CatalogPort;
  readonly #of: Announced;
  readonly #landed: (again: boolean) => void;
  /** What the shard has, as far as memory knows. */
  #told: { readonly entry: CatalogEntry; readonly seq: number } | undefined;
  /** When the life began that a shard was reminded of. */
  #remindedOf: number | undefined;
  #flight: Flight | undefined;
  #failures = 0;
  /** The storage failed when something was to be owed. */
  #isUnowed = false;
  #quietUntilMs = 0;
  /** Answers that wait. */
  #waiting: ((isKept: boolean) => void)[] = [];

  /** `landed`: another one may leave, or this one is to be tried again. */
  constructor(ports: InstancePorts, catalog: CatalogPort, of: Announced, landed: (again: boolean) => void) {
    this.#ports = ports;
    this.#catalog = catalog;
    this.#of = of;
    this.#landed = landed;
    this.numbers = new Numbers(ports.clock);
    this.debts = new Debts(ports, catalog, this.numbers);
    this.counter = catalog.countsTotals === true ? new Counter(ports) : undefined;
  }

  get isUnderWay(): boolean {
    return this.#flight !== undefined;
  }

  /** One that matters, and there is still hope that it need not be owed. */
  get isWaitedFor(): boolean {
    return this.#flight?.importance === "vital" && !this.#flight.isLate;
  }

  /** How long no change is to be told. */
  get quietMs(): number {
    return this.#quietUntilMs - this.#ports.clock.now();
  }

  /** The last one was in vain, and what it told of could not even be owed: the next one has to wait. */
  get isPausing(): boolean {
    return this.#isUnowed && this.quietMs > 0;
  }

  toldOf({ createdAtMs }: InstanceRecord): { readonly entry: CatalogEntry; readonly seq: number } | undefined {
    return this.#told?.entry.createdAtMs === createdAtMs ? this.#told : undefined;
  }

  isTold({ createdAtMs }: Pick<InstanceRecord, "createdAtMs">): boolean {
    return this.#told?.entry.createdAtMs === createdAtMs;
  }

  /** The shard knows of the life, or will be told of it. */
  isHeard(record: InstanceRecord): boolean {
    const isReminded = this.#remindedOf === record.createdAtMs;
    return isReminded || this.toldOf(record) !== undefined || this.debtOf(record) !== undefined;
  }

  isUnheardOf(record: InstanceRecord): boolean {
    const isOwing = record.listing?.former !== undefined || !this.debts.areNone;
    return !isOwing && !this.isUnderWay && !this.isHeard(record);
  }

  /** Where the life announces itself. */
  shardOf({ listing, instanceId }: Pick<InstanceRecord, "listing" | "instanceId">): string {
    return listing?.shard ?? this.#catalog.firstShardOf(instanceId);
  }

  debtOf(record: InstanceRecord): ReturnType<Debts["find"]> {
    return this.debts.areNone ? undefined : this.debts.find(record.createdAtMs, this.shardOf(record));
  }

  /** The number of the life as it is now. */
  seqOf(record: InstanceRecord, entry: CatalogEntry): number {
    const told = this.toldOf(record);
    if (told !== undefined && isSameEntry(told.entry, entry)) return told.seq;
    this.numbers.saw(record.listing?.seq);
    return entry.endedAtMs === undefined ? this.numbers.next() : this.numbers.ofEnd(record, entry, told !== undefined);
  }

  /**
   * Resolves when what is on its way, or leaves next, has been acknowledged, or need not be waited for. False: it could be neither told
   * nor owed, and only memory knows of it.
   */
  settled(): Promise<boolean> {
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  release(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve(!this.#isUnowed);
  }

  begin(record: InstanceRecord, importance: Importance): void {
    const flight: Flight = { record, importance, isOver: false, isLate: false, callOff: () => undefined };
    this.#flight = flight;
    flight.callOff = this.#ports.clock.schedule(PATIENCE_MS, () => this.#late(flight));
    void this.#fly(flight);
  }

  /** The life ends here, or is to be told of anew: what is on its way counts no more. */
  giveUp(): void {
    this.#told = undefined;
    this.#remindedOf = undefined;
    if (this.#flight !== undefined) this.#close(this.#flight);
  }

  /** Never rejects. */
  async #fly(flight: Flight): Promise<void> {
    try {
      const { record, importance } = flight;
      const entry = await tellableEntry(this.#ports, this.counter, this.#of.life, record);
      const isPartial = importance === "partial";
      const seq = isPartial ? (record.listing?.seq ?? entry.updatedAtMs * 1_000) : this.seqOf(record, entry);
      if (flight.isOver) return;
      const isTold = this.toldOf(record)?.seq === seq;
      const former = this.toldOf(record) === undefined ? record.listing?.former : undefined;
      const what = { entry, former, isPartial, isOver: () => flight.isOver };
      const invalid = (message: string) => this.#warn({ errorType: "Invalid", message });
      const shard = this.#catalog.shard(this.shardOf(record));
      const told = isTold ? seq : await announce(shard, what, seq, this.numbers, invalid);
      this.#acknowledged(flight, entry, told);
    } catch (error) {
      this.#failed(flight, error);
    }
  }

  #acknowledged(flight: Flight, entry: CatalogEntry, seq: number): void {
    if (flight.isOver) return;
    const { record, importance } = flight;
    if (importance === "partial") this.#remindedOf = record.createdAtMs;
    else this.#told = { entry, seq };
    this.#failures = 0;
    this.#isUnowed = false;
    this.#quietUntilMs = this.#ports.clock.now() + QUIET_MS;
    const debt = this.debtOf(record);
    if (debt !== undefined) this.debts.paid(debt);
    this.#end(flight);
    if (debt !== undefined || importance === "vital") this.#of.atRest();
  }

  #end(flight: Flight, again = false): void {
    this.#close(flight);
    this.#landed(again);
  }

  #close(flight: Flight): void {
    flight.isOver = true;
    flight.callOff();
    this.#flight = undefined;
    this.release();
  }

  #late(flight: Flight): void {
    flight.isLate = true;
    flight.callOff = this.#ports.clock.schedule(LOST_MS, () => this.#failed(flight, new Error("No answer came.")));
    this.#owe(flight);
    this.release();
  }

  #failed(flight: Flight, error: unknown): void {
    if (flight.isOver) return;
    const { clock, limits } = this.#ports;
    this.#failures++;
    this.#quietUntilMs = clock.now() + retryDelayMs(limits, this.#failures);
    this.#warn({ ...errorFields(this.#ports, error), failures: this.#failures });
    if (this.debtOf(flight.record) !== undefined) this.debts.failed();
    else this.#owe(flight);
    this.#end(flight, flight.importance === "change" || this.#isUnowed);
    this.#of.atRest();
  }

  #owe({ record, importance }: Flight): void {
    if (importance !== "vital" || this.debtOf(record) !== undefined) return;
    try {
      const { createdAtMs } = record;
      this.debts.add({ createdAtMs, shard: this.shardOf(record), seq: this.numbers.next() });
      this.debts.failed();
      this.#isUnowed = false;
      this.#of.atRest();
    } catch (error) {
      this.#isUnowed = true;
      this.#warn(errorFields(this.#ports, error));
    }
  }

  #warn(fields: object): void {
    this.#ports.log({ level: "warn", msg: "catalog", instanceId: this.#ports.instanceId(), ...fields });
  }
}
