import type { Schedule } from "../instance/patience.ts";
import type { LeaseHolder } from "../model/lease.ts";
import type { Quota } from "../model/limit.ts";
import type { LogLine } from "../model/log.ts";
import type { Ledger } from "./ledger.ts";

/** Everything a limiter has of the world outside it. The Durable Object gives it these; so can a test. */
export interface LimiterPorts {
  /** Opened. */
  readonly ledger: Ledger & { transaction<T>(change: () => T extends Promise<unknown> ? never : T): T };
  /** The name of this object. */
  readonly name: string;
  /** What it may give away; empty where no limit of today's code is its own: it holds nobody up then. */
  readonly quota: Quota;
  /** Default: LEASE_MS. */
  readonly leaseMs?: number | undefined;
  now(): number;
  readonly schedule: Schedule;
  /** Resolves when what has been written is durable, and rejects when it never will be. */
  durable(): Promise<void>;
  readonly alarm: LimiterAlarm;
  /** The instance. Its calls reject when it cannot be reached. */
  holder(instanceId: string): LeaseHolder;
  log(line: LogLine): void;
}

/** The object's one alarm. Changes belong to the commit of the rows that are written beside them. */
export interface LimiterAlarm {
  /** When it rings, as it was when the object was loaded. */
  readonly initialMs: number | undefined;
  set(atMs: number): void;
}
