import type { Outline } from "../../engine/turn.ts";
import { isTerminal } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import { UnreadableError } from "../../storage/unreadable-error.ts";
import type { InstancePorts } from "../ports.ts";
import { reading } from "./sealing.ts";

/** A life, as far as it can be read. */
interface Readable {
  readonly record: InstanceRecord | undefined;
  /** Why the database cannot be read. Nothing is taken or written then. */
  readonly unreadable: UnreadableError | undefined;
  readonly execution: {
    /** The whole history is in memory. */
    readonly isRead: boolean;
    readonly outline: Outline | undefined;
    read(): void | Promise<void>;
  };
}

/** The one that is current, and who ends it. */
interface Lives {
  readonly current: Readable;
  cannotRead(error: UnreadableError): void;
}

/**
 * Whether the code and the keys of a life can read what the database holds: found out before anything is written beside it.
 * What cannot be read is left as it is.
 */
export class Readability {
  readonly #ports: InstancePorts;
  readonly #lives: Lives;
  #reading: Promise<void> | undefined;

  constructor(ports: InstancePorts, lives: Lives) {
    this.#ports = ports;
    this.#lives = lives;
  }

  /** Whoever is turned away here tries again later: it is not known yet what this instance is to them. */
  check(): void {
    const { unreadable } = this.#lives.current;
    if (unreadable !== undefined) throw unreadable;
  }

  /**
   * Reads the history, before the first write of a life that has begun by reading the database: its first event alone does not
   * tell. What is read is not read again for the next turn. To be awaited and asked again until it is undefined, as something
   * may have come between. Throws, or rejects, when the storage fails.
   */
  reading(): Promise<void> | undefined {
    const { record, unreadable, execution } = this.#lives.current;
    if (record === undefined || isTerminal(record.status) || unreadable !== undefined || execution.isRead)
      return undefined;
    if (this.#reading !== undefined) return this.#reading;
    try {
      const read = execution.read();
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
      if (this.#lives.current.execution.outline === undefined)
        await reading(this.#ports, () => this.#ports.store.outline(completedSeq));
      return true;
    } catch (error) {
      if (!(error instanceof UnreadableError)) throw error;
      return false;
    }
  }

  #failed(error: unknown): void {
    if (!(error instanceof UnreadableError)) throw error;
    this.#lives.cannotRead(error);
  }
}
