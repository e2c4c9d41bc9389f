import type {
  DescribeOptions,
  InstanceDescription,
  IsOwed,
  OperationResult,
  StartRequest,
  StartResult,
  TerminateRequest,
} from "../instance/protocol.ts";
import type { LogLine } from "../model/log.ts";
import type { Deployment } from "./deployments.ts";
import type { IndexApi, ScheduleApi } from "./protocol.ts";
import type { IndexStore } from "./store/index-store.ts";
import type { ScheduleStore } from "./store/schedule-store.ts";

/** An instance, as a schedule asks it. Its calls reject when it cannot be reached. */
export interface StartedInstance {
  start(request: StartRequest, isOwed: IsOwed): Promise<StartResult>;
  describe(options: DescribeOptions): Promise<InstanceDescription | undefined>;
  cancel(request: {
    readonly reason?: string | undefined;
    readonly actor?: string | undefined;
  }): Promise<OperationResult>;
  terminate(request: TerminateRequest): Promise<OperationResult>;
}

/** Everything a schedule has of the world outside it. The Durable Object gives it these; so can a test. */
export interface SchedulePorts {
  readonly store: ScheduleStore;
  readonly id: string;
  now(): number;
  readonly alarm: ScheduleAlarm;
  instance(instanceId: string): StartedInstance;
  index(): IndexApi;
  /** What this code declares. */
  deployment(): Deployment;
  /** For payloads; where none are encrypted, it gives them back as they are. */
  readonly cipher: PayloadCipher;
  /** Deletes all that is stored, and the alarm. */
  wipe(): Promise<void>;
  log(line: LogLine): void;
}

/** What payloads are encrypted with. `open` rejects where its key is not there. */
export interface PayloadCipher {
  seal(text: string): Promise<string>;
  open(stored: string): Promise<string>;
}

/** The object's one alarm. Changes belong to the commit of the rows that are written beside them. */
export interface ScheduleAlarm {
  /** When it rings, as it was when the object was loaded. */
  readonly initialMs: number | undefined;
  set(atMs: number): void;
  clear(): void;
}

export interface IndexPorts {
  readonly store: IndexStore;
  now(): number;
  schedule(id: string): ScheduleApi;
  log(line: LogLine): void;
}
