import type { Presence } from "../model/catalog-entry.ts";
import type { LogLine } from "../model/log.ts";
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
  readonly alarm: ShardAlarm;
  /** Rejects when the instance cannot be reached. */
  ask(instanceId: string): Promise<Presence>;
  log(line: LogLine): void;
}

/** The object's one alarm. Changes belong to the commit of the rows that are written beside them. */
export interface ShardAlarm {
  /** When it rings, as it was when the object was loaded. */
  readonly initialMs: number | undefined;
  set(atMs: number): void;
}
