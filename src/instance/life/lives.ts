import type { HistoryEvent } from "../../model/history-event.ts";
import type { AddressedMessage } from "../../model/message.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { OwedTelling, TurnChange } from "../../storage/instance-store.ts";
import type { UnreadableError } from "../../storage/unreadable-error.ts";
import type { InstancePorts } from "../ports.ts";
import { Readability } from "../reading/index.ts";
import type { Watchers } from "../waking/index.ts";
import { covered } from "./decided-change.ts";
import { Household, type LifeKeeper } from "./household.ts";
import { type Birth, Life } from "./life.ts";
import { readStored } from "./stored.ts";
import { TurnLoop } from "./turn-loop.ts";

/** Purges this instance, and no other that has its ID by then. */
export interface Remover {
  expire(record: InstanceRecord): Promise<boolean>;
}

/** The lives of an instance, one after the other: here they are opened and closed. */
export class Lives implements LifeKeeper {
  readonly readability: Readability;
  readonly household: Household;
  /** Who removes one whose time is over: `Purges`, which needs the lives itself. */
  remover: Remover | undefined;
  isWiped = false;
  readonly #ports: InstancePorts;
  #loop: TurnLoop;

  /** `open` comes before anything else. */
  constructor(ports: InstancePorts) {
    this.#ports = ports;
    this.household = new Household(ports, this);
    this.readability = new Readability(ports, this);
    this.#loop = this.#born({ type: "vacant" });
  }

  get loop(): TurnLoop {
    return this.#loop;
  }

  get current(): Life {
    return this.#loop.life;
  }

  get record(): InstanceRecord | undefined {
    return this.current.record;
  }

  get watchers(): Watchers {
    return this.household.watchers;
  }

  /** Reads what the database holds. To be awaited once before anything else; `isRinging`: no alarm is set any more, and it rings next. */
  async open(isRinging: boolean, isForCatalog = false): Promise<void> {
    await this.#readAll();
    if (isRinging) return;
    await this.household.alarm.open();
    if (!isForCatalog) await this.household.announcer?.opened();
  }

  /**
   * Creates the instance in the database, with what it begins with; its first turn waits until `scheduledAtMs`, if there is one. `send`:
   * what its first events have told others.
   */
  begin(
    record: InstanceRecord,
    first: readonly [HistoryEvent, ...HistoryEvent[]],
    scheduledAtMs: number | undefined,
    send?: readonly AddressedMessage[],
  ): void {
    const { record: former } = this;
    this.household.burst.goOn();
    const created = this.#ports.store.create(record, first, scheduledAtMs, true, send);
    this.household.activities.dropWaiting();
    const history = created.waiting.length === 0 ? first : undefined;
    this.#enter({ type: "begun", record, history, created });
    if (former !== undefined) this.#tellOfReplaced(former);
    this.#loop.run();
  }

  #tellOfReplaced(former: InstanceRecord): void {
    try {
      this.household.announcer?.replaced(former);
    } catch (error) {
      // The new one is in memory, and perhaps not in the database: it would have no alarm, and the former one would stay in the list.
      this.#ports.abort(
        "What the catalog is to hear could not be written: this instance begins again with what is on disk.",
      );
      throw error;
    }
  }

  /** Something is written beside the turns: `record` and what else `change` has. `dropped`: calls that nobody waits for any more. */
  amend(change: TurnChange, record: InstanceRecord, dropped: readonly number[]): void {
    this.household.burst.goOn();
    this.#ports.store.commit(change, true);
    this.household.activities.disown(record.executionId, dropped);
    this.#enter({ type: "amended", record, dropped, former: this.current });
    this.#loop.run();
    this.watchers.notify();
  }

  /** With the limits that the workflow's lease covers: to be asked before they are sealed. */
  covered(messages: readonly AddressedMessage[], record: InstanceRecord): readonly AddressedMessage[] {
    return covered(messages, this.household.leases?.covering(record));
  }

  /** The instance is about to be removed. What is held back could not be written into the tables any more, so it is before. */
  leave(): void {
    this.#ports.store.flush();
    this.household.activities.dropWaiting();
    this.#enter({ type: "vacant" });
  }

  /** The same, for a purge that takes a while. */
  abandon(): void {
    this.household.alarm.guard();
    this.leave();
  }

  /** Nothing is left but what the catalog is still to be told, and an alarm for that. */
  async wipe(left: readonly OwedTelling[]): Promise<void> {
    this.isWiped = true;
    this.household.notifier?.wiping();
    if (left.length === 0) return this.#ports.wipe();
    this.#ports.store.tellings.wipeBut(left);
    this.household.alarm.guard();
  }

  /** After a purge, done or not: begins again with what the database holds, if it holds anything. */
  async reopen(): Promise<void> {
    try {
      await this.#readAll();
    } catch (error) {
      // Memory knows of no instance, and the database may hold one.
      this.#ports.abort("What a purge has left could not be read: this instance begins again with what is on disk.");
      throw error;
    }
    if (this.record === undefined) return this.household.wiped();
    this.#loop.run();
  }

  /** A parent that has not heard of the end would wait for it for ever: no trace of it goes before the message has. */
  async hasDelivered(): Promise<boolean> {
    this.current.outbox.deliverDue();
    // What cannot be read is not in memory, and may have messages.
    const isSettled = () => this.current.isUnreadable || this.current.hasDelivered;
    await this.watchers.until(isSettled, this.#ports.limits.watchdogMs);
    return !this.current.isUnreadable && this.current.hasDelivered;
  }

  readAgain(): void {
    void this.#readAgain();
  }

  /** Never rejects. */
  async #readAgain(): Promise<void> {
    this.current.stallWatch.begin();
    try {
      await this.#readAll();
    } catch (error) {
      this.household.log.fault("reread", error);
    }
    this.#loop.run();
  }

  cannotRead(error: UnreadableError): void {
    this.#enterUnreadable(error);
    this.#loop.atRest();
    this.household.announcer?.look();
  }

  async expire(record: InstanceRecord): Promise<boolean> {
    return (await this.remover?.expire(record)) === true;
  }

  giveUpCode(): void {
    this.#enter({ type: "given up", former: this.current });
    this.#loop.run();
  }

  /** A life begins with what the database holds, unless another has begun by then. */
  #readAll(): Promise<void> {
    const former = this.current;
    return readStored(this.#ports, (stored) => {
      if (former.isClosed) return;
      this.isWiped = false;
      this.household.announcer?.load();
      if (stored.type === "unreadable") this.household.notifier?.unreadable();
      else this.household.notifier?.load();
      if (stored.type === "read") this.#enter({ ...stored, former });
      else if (stored.type === "unreadable") this.#enterUnreadable(stored.error);
      else this.#enter(stored);
    });
  }

  /** Memory lets go of what it holds, and leaves the database as it is, until other code or keys have come. */
  #enterUnreadable(error: UnreadableError): void {
    const former = this.current;
    if (!former.isUnreadable) this.household.log.unreadable(error);
    const record = former.record ?? unreadRecord(this.#ports);
    this.#enter({ type: "unreadable", record, error, former });
    this.household.watching.tell();
  }

  /** The life ends here, and the next one begins. */
  #enter(birth: Birth): void {
    this.current.close();
    this.#loop = this.#born(birth);
    this.household.leases?.look();
  }

  #born(birth: Birth): TurnLoop {
    const { household } = this;
    const { leases, onTheWay } = household;
    const life = new Life({ ports: this.#ports, sender: household, onTheWay, leases }, birth);
    return new TurnLoop(life, household);
  }
}

/** Of an instance that cannot be read: what its row tells all the same. Created at 0: that neither. */
function unreadRecord(ports: InstancePorts): InstanceRecord {
  const nothing = { name: "", createdAtMs: 0, status: "STALLED", executionId: "", generation: 0 } as const;
  return { ...nothing, ...kinIn(ports), instanceId: ports.instanceId() };
}

function kinIn({ store }: InstancePorts): Partial<InstanceRecord> {
  try {
    return store.kin();
  } catch {
    // Newer code may have put something else there, and the storage may fail.
    return {};
  }
}
