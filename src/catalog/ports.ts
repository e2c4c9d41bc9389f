import type { CatalogSource } from "../model/catalog-entry.ts";
import type { LogLine } from "../model/log.ts";
import type { RetentionPolicy } from "../model/retention.ts";
import type { Schedule } from "./patience.ts";
import type { ShardStore } from "./store/shard-store.ts";

/** Everything a shard has of the world outside it. The Durable Object gives it these; so can a test. */
export interface ShardPorts {
  /** Opened. */
  readonly store: ShardStore;
  /** The name of this shard. */
  readonly name: string;
  now(): number;
  readonly schedule: Schedule;
  /** Resolves when what has been written is durable. */
  durable(): Promise<void>;
  readonly alarm: ShardAlarm;
  /** How long ended instances are kept. */
  readonly retention: RetentionPolicy;
  /** The instance. Its calls reject when it cannot be reached. */
  source(instanceId: string): CatalogSource;
  log(line: LogLine): void;
}

/** The object's one alarm. Changes belong to the commit of the rows that are written beside them. */
export interface ShardAlarm {
  /** When it rings, as it was when the object was loaded. */
  readonly initialMs: number | undefined;
  set(atMs: number): void;
}
