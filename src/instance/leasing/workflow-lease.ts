import type { Outline } from "../../engine/turn.ts";
import type { HistoryFact } from "../../model/history-event.ts";
import type { Limit } from "../../model/limit.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import { UnreadableError } from "../../storage/unreadable-error.ts";
import { retryDelayMs } from "../limits.ts";
import type { InstancePorts } from "../ports.ts";
import { reading } from "../reading/index.ts";
import { keyOf } from "./key.ts";
import { Lease } from "./lease.ts";
import type { LeaseSet } from "./lease-set.ts";

/** The life whose turns may need a lease. */
export interface Limited {
  readonly record: InstanceRecord | undefined;
  readonly isUnreadable: boolean;
  readonly hasEnded: boolean;
  readonly outline: Outline | undefined;
  readonly queue: {
    /** No turn is taken, but for one that ends it. */
    isHeldUp: boolean;
    readonly waitsForStart: boolean;
    readonly isStartPaused: boolean;
    readonly waiting: readonly HistoryFact[];
  };
}

/**
 * The lease of the workflow: from before its first turn to its end, over continue-as-new. One that was rewound needs another. While it has
 * none, no turn is taken. One that is paused before it has begun is in no queue, and comes to the end of it when it is resumed.
 */
export class WorkflowLease {
  readonly #ports: InstancePorts;
  readonly #leases: LeaseSet;
  /** That it has, or waits for. */
  #id: string | undefined;
  #reading: object | undefined;

  constructor(ports: InstancePorts, leases: LeaseSet) {
    this.#ports = ports;
    this.#leases = leases;
  }

  /** Its key is being read. */
  get isReading(): boolean {
    return this.#reading !== undefined;
  }

  look(life: Limited): void {
    const { queue, record } = life;
    const limit = this.#limitOf(life);
    const id = limit === undefined || record === undefined ? undefined : idOf(record);
    if (this.#id !== undefined && this.#id !== id) this.#drop();
    queue.isHeldUp = id !== undefined && !this.#leases.isHeld(id);
    if (limit === undefined || record === undefined || id === undefined) return;
    if (record.status === "PENDING" && queue.isHeldUp && queue.isStartPaused) return this.#drop();
    if (this.#id === undefined) this.#ask(life, record, limit, id);
  }

  #limitOf({ record, isUnreadable, hasEnded, queue }: Limited): Limit | undefined {
    if (record === undefined || record.executionId === "" || isUnreadable || hasEnded || queue.waitsForStart)
      return undefined;
    const limit = this.#ports.registry.limits.of("workflow", record.name);
    return limit === undefined || record.coveredBy?.includes(limit.name) ? undefined : limit;
  }

  #drop(): void {
    if (this.#id !== undefined) this.#leases.drop(this.#id);
    this.#id = undefined;
  }

  #ask(life: Limited, record: InstanceRecord, limit: Limit, id: string): void {
    this.#id = id;
    const isBegun = record.status !== "PENDING" || record.generation > 0;
    const add = (input: string | undefined) => {
      const key = keyOf(this.#ports, limit, input);
      this.#leases.add(new Lease(id, limit, key, { type: "workflow", isBegun }, this.#leases.nextSeq()));
    };
    if (limit.key === undefined) return add(undefined);
    const start = knownStart(life);
    if (start === undefined) void this.#read(id, add);
    else add(inputOf(start));
  }

  /** Never rejects. What cannot be read is told of by others: it waits with the empty key. Where the storage fails, it is tried again. */
  async #read(id: string, add: (input: string | undefined) => void): Promise<void> {
    const { clock, limits } = this.#ports;
    const reading = {};
    this.#reading = reading;
    const isWanted = () => this.#id === id && this.#reading === reading;
    for (let failures = 0; isWanted(); ) {
      try {
        const input = await this.#stored();
        if (!isWanted()) break;
        this.#reading = undefined;
        add(input);
        return this.#leases.flush();
      } catch {
        await clock.delay(retryDelayMs(limits, ++failures));
      }
    }
    if (this.#reading === reading) this.#reading = undefined;
  }

  async #stored(): Promise<string | undefined> {
    const { store } = this.#ports;
    try {
      return await reading(this.#ports, () => inputOf(store.outline(undefined).first));
    } catch (error) {
      if (error instanceof UnreadableError) return undefined;
      throw error;
    }
  }
}

/** The first event, where memory has it. */
function knownStart({ queue, outline }: Limited): HistoryFact | undefined {
  return queue.waiting.find(({ type }) => type === "ExecutionStarted") ?? outline?.first;
}

function inputOf(fact: HistoryFact | undefined): string | undefined {
  return fact?.type === "ExecutionStarted" ? fact.input : undefined;
}

function idOf({ createdAtMs, rewinds = 0 }: InstanceRecord): string {
  return `run:${createdAtMs}:${rewinds}`;
}
