import type { HistoryFact } from "../../model/history-event.ts";
import { isTerminal } from "../../model/status.ts";
import { type InstanceRecord, nameOf } from "../../storage/instance-row.ts";
import { textsOfFact } from "../../storage/instance-store.ts";
import type { InstancePorts } from "../ports.ts";
import type { Command, OperationResult } from "../protocol.ts";
import { isMeant, writing } from "../reading/index.ts";
import { isTakenWhileStalled } from "../waking/index.ts";
import type { Gate } from "./gate.ts";
import type { Lives } from "./lives.ts";

const OK = { ok: true } as const;
const NOT_FOUND = { ok: false, code: "NOT_FOUND" } as const;
const STALLED = { ok: false, code: "STALLED" } as const;

type Accepted = Exclude<OperationResult, { readonly instanceId: string }>;

/** What a request waits for behind the gate, before it is answered or written, and how it is written. */
export class Reception {
  readonly #ports: InstancePorts;
  readonly #lives: Lives;
  readonly #gate: Gate;

  constructor(ports: InstancePorts, lives: Lives, gate: Gate) {
    this.#ports = ports;
    this.#lives = lives;
    this.#gate = gate;
  }

  /** What is to be awaited, and asked for again, before anything is written: a purge, or that the history is read. */
  inTheWay(): Promise<void> | undefined {
    return this.#gate.shutBy ?? this.#lives.readability.reading();
  }

  /**
   * Until what has come so far has been taken; a caller reads its own writes. `then` is called in the moment in which it
   * has, unless code holds up a turn for longer than this waits.
   */
  async catchUp(then: () => void = () => undefined): Promise<void> {
    const lives = this.#lives;
    // Reading that takes a while would need an alarm, in the place of another that is set.
    try {
      while (this.inTheWay() !== undefined) await this.inTheWay();
    } catch {
      // The next turn comes upon it, tells of it in the log, and pauses.
    }
    // A run may set an alarm, which is billed: not when there is nothing to do.
    if (lives.current.isBehind || !lives.current.isLoaded) lives.loop.run();
    const isAtRest = () => {
      if (lives.loop.isRunning || lives.household.leases?.isUndecided) return false;
      then();
      return true;
    };
    await lives.watchers.until(isAtRest, this.#ports.limits.watchdogMs);
  }

  /**
   * What somebody outside asks for: taken into the inbox, unless today's code cannot go on with the instance and would not take it
   * either. `isFor`: as in `receive`.
   */
  async accept(
    fact: HistoryFact,
    meant: Pick<Command, "createdByMs">,
    isFor?: (instance: InstanceRecord) => boolean,
  ): Promise<Accepted> {
    const lives = this.#lives;
    if (!isMeant(meant, lives.record)) return NOT_FOUND;
    if (lives.record.status === "STALLED" || lives.current.isUnreadable) {
      await this.catchUp();
      const { isStalled, isUnreadable, orchestration } = lives.current;
      if (isStalled && (isUnreadable || !isTakenWhileStalled(fact, orchestration?.stall))) return STALLED;
    }
    while (this.inTheWay() !== undefined) await this.inTheWay();
    if (lives.current.isUnreadable) return STALLED;
    if (!isMeant(meant, lives.record)) return NOT_FOUND;
    const isForIt = meant.createdByMs === undefined ? isFor : (record: InstanceRecord) => isMeant(meant, record);
    await this.receive(fact, undefined, isForIt);
    return OK;
  }

  /**
   * Takes a fact into the inbox and goes on with it. Dropped when the instance has ended, or the execution it is for, or when it is
   * not for this instance.
   */
  receive(
    fact: HistoryFact,
    executionId?: string,
    isFor?: (instance: InstanceRecord) => boolean,
  ): void | Promise<void> {
    const lives = this.#lives;
    const wasThere = lives.record !== undefined;
    const receive = () => {
      lives.readability.check();
      const { record, queue } = lives.current;
      // A purge that has begun while the fact was encrypted may fail, and the instance go on without it.
      if (record === undefined && wasThere) throw new Error("The instance is being purged: what was sent is not kept");
      if (record === undefined || isTerminal(record.status)) return;
      if (executionId !== undefined && executionId !== nameOf(record)) return;
      if (isFor?.(record) === false || queue.changesNothing(fact, record.status === "SUSPENDED")) return;
      lives.loop.enqueue(this.#ports.store.receive({ fact, executionId }));
    };
    return writing(this.#ports, () => textsOfFact(fact), receive);
  }
}
