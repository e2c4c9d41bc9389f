import type { OwedTelling } from "../../storage/instance-store.ts";
import { retryDelayMs } from "../limits.ts";
import { errorFields } from "../log-text.ts";
import type { CatalogPort, InstancePorts } from "../ports.ts";
import type { Numbers } from "./numbers.ts";
import { depart } from "./telling.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** What shards are still to be told, each with a row: until it is acknowledged, the object has an alarm for it. */
export class Debts {
  readonly #ports: InstancePorts;
  readonly #catalog: CatalogPort;
  readonly #numbers: Numbers;
  #rows: readonly OwedTelling[] = [];
  #failures = 0;
  #notBeforeMs = 0;
  #isForgetting = false;

  constructor(ports: InstancePorts, catalog: CatalogPort, numbers: Numbers) {
    this.#ports = ports;
    this.#catalog = catalog;
    this.#numbers = numbers;
  }

  /** Begins again with what the database holds. */
  load(): void {
    this.#rows = this.#ports.store.tellings.all();
  }

  get areNone(): boolean {
    return this.#rows.length === 0;
  }

  get all(): readonly OwedTelling[] {
    return this.#rows;
  }

  find(createdAtMs: number, shard: string): OwedTelling | undefined {
    return this.#rows.find((row) => row.createdAtMs === createdAtMs && row.shard === shard);
  }

  get isDue(): boolean {
    return this.#notBeforeMs <= this.#ports.clock.now();
  }

  /** Infinity: nothing is owed. */
  get nextAtMs(): number {
    return this.areNone ? NEVER : this.#notBeforeMs;
  }

  get isForgetting(): boolean {
    return this.#isForgetting;
  }

  add(telling: OwedTelling): void {
    this.#ports.store.tellings.owe(telling);
    // Not read again, which may fail: what is owed on disk and not in memory would have no alarm.
    this.#rows = [...this.#without(telling), telling].sort((a, b) => a.createdAtMs - b.createdAtMs);
  }

  paid(telling: OwedTelling): void {
    this.#ports.store.tellings.told(telling);
    this.#failures = this.#notBeforeMs = 0;
    this.#rows = this.#without(telling);
  }

  #without({ createdAtMs, shard }: OwedTelling): readonly OwedTelling[] {
    return this.#rows.filter((row) => row.createdAtMs !== createdAtMs || row.shard !== shard);
  }

  /** In vain: it is tried again after a pause. */
  failed(): void {
    const { clock, limits } = this.#ports;
    this.#failures++;
    this.#notBeforeMs = clock.now() + retryDelayMs(limits, this.#failures);
  }

  /** Of a life that is no more. Never rejects. */
  async forget(telling: OwedTelling): Promise<void> {
    const instanceId = this.#ports.instanceId();
    const { createdAtMs, shard, seq } = telling;
    this.#isForgetting = true;
    try {
      await depart(this.#catalog.shard(shard), "forget", { instanceId, createdAtMs, seq }, this.#numbers);
      this.paid(telling);
    } catch (error) {
      this.failed();
      const line = { level: "warn", msg: "catalog", instanceId, failures: this.#failures } as const;
      this.#ports.log({ ...line, ...errorFields(this.#ports, error) });
    }
    this.#isForgetting = false;
  }
}
