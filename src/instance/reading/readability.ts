import type { Outline } from "../../engine/turn.ts";
import { isTerminal } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import { UnreadableError } from "../../storage/unreadable-error.ts";
import type { InstancePorts } from "../ports.ts";
import { reading } from "./sealing.ts";

/** What memory holds of the tables beside the history. */
interface Memory {
  readonly record: InstanceRecord | undefined;
  readonly unreadable: UnreadableError | undefined;
  cannotRead(error: UnreadableError): void;
}

/** What memory holds of the history. */
interface Execution {
  /** The whole history is in memory. */
  readonly isRead: boolean;
  readonly outline: Outline | undefined;
  read(): void | Promise<void>;
  drop(): void;
}

/**
 * Whether the code and the keys of this life can read what the database holds: found out before anything is written beside it.
 * What cannot be read is left as it is.
 */
export class Readability {
  readonly #ports: InstancePorts;
  readonly #memory: Memory;
  readonly #execution: Execution;
  readonly #found: () => void;
  #reading: Promise<void> | undefined;

  /** `found`: called when `reading` has come upon what cannot be read. */
  constructor(ports: InstancePorts, memory: Memory, execution: Execution, found: () => void) {
    this.#ports = ports;
    this.#memory = memory;
    this.#execution = execution;
    this.#found = found;
  }

  /** Why the database cannot be read. Nothing is taken or written then. */
  get unreadable(): UnreadableError | undefined {
    return this.#memory.unreadable;
  }

  /** Whoever is turned away here tries again later: it is not known yet what this instance is to them. */
  check(): void {
    if (this.unreadable !== undefined) throw this.unreadable;
  }

  /** Memory lets go of what it holds, until other code or keys have come. */
  cannotRead(error: UnreadableError): void {
    this.#memory.cannotRead(error);
    this.#execution.drop();
  }

  /**
   * Reads the history, before the first write of a life that has begun by reading the database: its first event alone does not
   * tell. What is read is not read again for the next turn. To be awaited and asked again until it is undefined, as something
   * may have come between: then `unreadable` tells. Throws, or rejects, when the storage fails.
   */
  reading(): Promise<void> | undefined {
    const { record, unreadable } = this.#memory;
    if (record === undefined || isTerminal(record.status) || unreadable !== undefined) return undefined;
    if (this.#execution.isRead) return undefined;
    if (this.#reading !== undefined) return this.#reading;
    try {
      const read = this.#execution.read();
      if (read === undefined) return undefined;
      this.#reading = read.catch((error) => this.#failed(error)).finally(() => (this.#reading = undefined));
      return this.#reading;
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The same of what an ended instance tells of itself, before another one takes its place. */
  async isEndReadable({ completedSeq }: InstanceRecord): Promise<boolean> {
    try {
      if (this.#execution.outline === undefined)
        await reading(this.#ports, () => this.#ports.store.outline(completedSeq));
      return true;
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      return false;
    }
  }

  #failed(error: unknown): void {
    if (!(error instanceof UnreadableError)) throw error;
    this.cannotRead(error);
    this.#found();
  }
}
