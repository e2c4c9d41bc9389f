import type { Presence } from "../../model/catalog-entry.ts";
import type { InstanceRecord, Listing } from "../../storage/instance-row.ts";
import type { OwedTelling } from "../../storage/instance-store.ts";
import type { CatalogPort, InstancePorts } from "../ports.ts";
import { isStandingKnown } from "../reading/index.ts";
import { type Counter, tellableEntry } from "./counter.ts";
import { type Leaving, oweReplaced, tellDeparture } from "./departures.ts";
import type { Subject } from "./entry.ts";
import { type Announced, Flights } from "./flights.ts";
import { firstListing, nextListing } from "./listings.ts";

const NEVER = Number.POSITIVE_INFINITY;

/**
 * Tells the catalog of the instance: the state at the end of the first burst, the end, and once a second at most what a list shows of
 * the changes in between. All of it is derived from what the database holds, so nothing is written for it: what was lost on the way
 * is told when the object is loaded again, and when the shard asks. Only the first and the last are owed when they are not
 * acknowledged in time: a row, and an alarm behind it (`Debts`).
 *
 * Each leaves at the end of a burst, in whose commit its state is: the platform sends nothing before that is on disk.
 */
export class Announcer {
  readonly #ports: InstancePorts;
  readonly #catalog: CatalogPort;
  readonly #of: Announced;
  readonly #flights: Flights;
  /** Something has happened since the last announcement left. */
  #mayHaveChanged = false;
  #isLookDue = false;

  constructor(ports: InstancePorts, catalog: CatalogPort, of: Announced) {
    this.#ports = ports;
    this.#catalog = catalog;
    this.#of = of;
    this.#flights = new Flights(ports, catalog, of, (again) => this.#landed(again));
  }

  // What is written with the instance's row.

  newListing(former: InstanceRecord | undefined): Listing {
    return firstListing(this.#flights, this.#catalog.shardOf(this.#ports.instanceId()), former);
  }

  nextListing(record: InstanceRecord): Listing {
    return nextListing(this.#flights, record);
  }

  /** Where metrics are switched on. */
  get counter(): Counter | undefined {
    return this.#flights.counter;
  }

  /** A life has begun in the place of the former one: what its first announcement does not tell of that is told apart. */
  replaced(former: InstanceRecord): void {
    const isOwing = oweReplaced(this.#flights, this.#catalog.shardOf(this.#ports.instanceId()), former);
    this.#flights.giveUp();
    if (isOwing) this.#of.atRest();
  }

  // Who waits for the catalog.

  /**
   * Until what a start has led to has been told, or is owed; `undefined`: nothing is to be waited for. Rejects when it is neither: whoever
   * starts it sends that again.
   */
  confirmed(): Promise<void> | undefined {
    const { record } = this.#of.life;
    if (this.#catalog.confirm === "background" || record === undefined || this.#flights.isHeard(record))
      return undefined;
    const settled = this.#flights.settled();
    if (!this.#of.burst.isOpen) this.remind();
    return settled.then((isKept) => {
      if (!isKept)
        throw new Error(
          "It has started, and the catalog could neither be told of it nor be owed that: send the start again.",
        );
    });
  }

  /** The object has been loaded, because somebody asks: of one that has ended it is told before the first answer. */
  opened(): Promise<unknown> | undefined {
    const { record, hasEnded } = this.#of.life;
    if (record === undefined || !hasEnded || this.#of.isNotKept || this.#flights.isHeard(record)) return undefined;
    const settled = this.#flights.settled();
    this.#flights.begin(record, "reminder");
    return this.#catalog.confirm === "background" ? undefined : settled;
  }

  /** Somebody asks after it: should no shard have heard of it, one does now. To one that has, it is nothing new. */
  remind(): void {
    const { life } = this.#of;
    const { record } = life;
    if (record === undefined || this.#flights.isHeard(record)) return this.#flights.release();
    if (this.#flights.isUnderWay || isKnown(life, record) || isUnknown(record)) this.look();
    else this.#flights.begin(record, "partial");
  }

  // What happens to it.

  /** Something may have changed. Before the end of a burst nothing is told of what it may still change. */
  look(): void {
    const flights = this.#flights;
    if (this.#of.burst.isOpen) return;
    if (flights.isUnderWay) {
      this.#mayHaveChanged = true;
      return;
    }
    const { life } = this.#of;
    const { record } = life;
    if (record === undefined || this.#of.isNotKept || !isKnown(life, record)) return flights.release();
    const isOwed = flights.debtOf(record) !== undefined;
    if (isOwed && !flights.debts.isDue) return flights.release();
    const told = flights.toldOf(record)?.entry;
    // Nothing is written beside what cannot be read: whoever loads it next tells of it again.
    const isReadable = life.unreadable === undefined;
    const isVital = isReadable && (told === undefined || (life.hasEnded && told.endedAtMs === undefined));
    if (!isOwed && flights.isPausing) return this.#lookIn(flights.quietMs);
    if (!isVital && !isOwed) {
      if (life.hasEnded && told !== undefined && life.outline?.lastAtMs === told.updatedAtMs) return flights.release();
      if (flights.quietMs > 0) return this.#lookIn(flights.quietMs);
    }
    flights.begin(record, isVital ? "vital" : "change");
  }

  #landed(again: boolean): void {
    const isToLook = again || this.#mayHaveChanged;
    this.#mayHaveChanged = false;
    if (isToLook) this.look();
    this.payDue();
  }

  #lookIn(ms: number): void {
    this.#flights.release();
    if (this.#isLookDue) return;
    this.#isLookDue = true;
    this.#ports.clock.schedule(ms, () => {
      this.#isLookDue = false;
      this.look();
    });
  }

  // What is owed.

  /** Begins again with what the database holds. */
  load(): void {
    this.#flights.debts.load();
  }

  get isOwing(): boolean {
    return !this.#flights.debts.areNone;
  }

  /** What is owed is on its way. */
  get isPaying(): boolean {
    return this.isOwing && (this.#flights.isUnderWay || this.#flights.debts.isForgetting);
  }

  /** Something is on its way that is owed, or will be. */
  get isTelling(): boolean {
    return this.isPaying || this.#flights.isWaitedFor;
  }

  /** When something is to be told that is owed; infinity for never, and as long as the life is not known whose turn it is. */
  nextAttemptAtMs(): number {
    if (!this.isOwing || this.isPaying || !this.#canPay) return NEVER;
    return this.#flights.debts.nextAtMs;
  }

  get #canPay(): boolean {
    const { life } = this.#of;
    const { record } = life;
    if (record === undefined) return true;
    if (isUnknown(record)) return false;
    return isKnown(life, record) || this.#ofOthers(record) !== undefined;
  }

  #ofOthers(record: InstanceRecord | undefined): OwedTelling | undefined {
    const own = record && this.#flights.debtOf(record);
    return this.#flights.debts.all.find((telling) => telling !== own);
  }

  payDue(): void {
    if (!this.isOwing || !this.#flights.debts.isDue || this.isPaying || !this.#canPay) return;
    const telling = this.#ofOthers(this.#of.life.record);
    if (telling === undefined) this.look();
    else void this.#forget(telling);
  }

  async #forget(telling: OwedTelling): Promise<void> {
    await this.#flights.debts.forget(telling);
    this.payDue();
    this.#of.atRest();
  }

  // Its end.

  /** It has begun in this object, and nothing was told since: no shard knows of it, nor owes it the end of a life before. */
  isUnheardOf(record: InstanceRecord): boolean {
    return this.counter === undefined && this.#of.life.isNew && this.#flights.isUnheardOf(record);
  }

  /**
   * The life is about to be wiped, and its shard is told before; and of the life before it, if no shard may have heard that this one
   * took its place. Returns what is to be told afterwards: what could not be told in time, and what is owed to others.
   */
  leave(life: Leaving): Promise<readonly OwedTelling[]> {
    return tellDeparture(this.#ports, this.#catalog, this.#flights, life);
  }

  /** What the catalog is answered when it asks. Rejects when that is not known. */
  async presence(): Promise<Presence> {
    const { life } = this.#of;
    const { record } = life;
    if (record === undefined) return { type: "absent" };
    if (isUnknown(record)) throw life.unreadable ?? new Error("It is not known what lies here.");
    const entry = await tellableEntry(this.#ports, this.counter, life, record);
    return { type: "present", entry, seq: this.#flights.seqOf(record, entry), shard: this.#flights.shardOf(record) };
  }
}

/** Nothing could be read of it. */
function isUnknown({ createdAtMs }: InstanceRecord): boolean {
  return createdAtMs === 0;
}

function isKnown(life: Subject, record: InstanceRecord): boolean {
  return !isUnknown(record) && isStandingKnown(life);
}
