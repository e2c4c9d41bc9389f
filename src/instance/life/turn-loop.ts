import { UnreadableError } from "../../storage/unreadable-error.ts";
import { retryDelayMs } from "../limits.ts";
import { attributesOf } from "../native-spans.ts";
import { isEndedByTerminate } from "../waking/index.ts";
import type { QueuedFact } from "./fact-queue.ts";
import type { Lasting } from "./lasting.ts";
import type { Life } from "./life.ts";
import { readQueues } from "./stored.ts";
import { takeTurn } from "./take-turn.ts";

/**
 * Takes an instance from turn to turn, as long as its life goes on.
 *
 *   read    what is queued, the timers that are due, the history if it is not in memory
 *   decide  Orchestration.turn: pure
 *   commit  store.commit: one transaction
 *   act     start activities, deliver messages, tell those who wait
 *
 * Always true: one turn at a time. Between two bursts, memory holds nothing that the database does not, except results
 * of activities, whose activities would run again; within one, what it holds more is written before the platform commits. A crash
 * before a commit makes the turn be done again; after it, the history tells which effects are still open. While work is unfinished
 * an alarm is set, or the alarm's own handler is at work and would be called again after a crash.
 */
export class TurnLoop {
  readonly life: Life;
  readonly #lasting: Lasting;
  #isRunning = false;
  /** Without a pause, in which others get their turn. */
  #turnsInARow = 0;

  constructor(life: Life, lasting: Lasting) {
    this.life = life;
    this.#lasting = lasting;
  }

  /** A turn is being taken or about to be. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Takes what has come into the queue, and goes on with it. */
  enqueue(item: QueuedFact): void {
    const { queue, execution, orchestration } = this.life;
    queue.add(item);
    queue.releaseStart(this.#lasting.ports.clock.now());
    if (item.fact.type === "ExecutionTerminated") {
      if (isEndedByTerminate(orchestration?.stall)) execution.giveUpCode();
      this.#insistOnTerminate();
    }
    this.run();
  }

  /** Sets the loop going, unless it is. What there is to do is covered by an alarm, or done when the burst ends. */
  run(): void {
    if (this.#isRunning || this.life.record === undefined) return;
    this.#lasting.leases?.look();
    this.#isRunning = true;
    void this.#loop();
  }

  /** Nothing moves just now, or something has come to rest: what is the next to wait for? */
  atRest(): void {
    const { life } = this;
    if (!this.#isRunning && life.isLoaded && life.hasWork) return this.run();
    if (!this.#isRunning) this.#lasting.leases?.look();
    this.#lasting.alarm.arm();
    this.#lasting.watchers.notify();
    // Of a burst that is open the end looks.
    if (!this.#lasting.burst.isOpen) this.#lasting.retention.look();
  }

  burstEnded(): void {
    this.#turnsInARow = 0;
    if (this.#isRunning) this.life.warnings.watchTurn();
  }

  /** A fault of ours, or of the storage. Memory is no longer to be trusted: the database is read again, after a pause. */
  failed(error: unknown): void {
    // A turn that is being taken would be written beside what cannot be read.
    if (error instanceof UnreadableError) return this.#lasting.cannotRead(error);
    const { life } = this;
    const { ports, log } = this.#lasting;
    life.failedTurns++;
    life.execution.drop();
    life.mustReread = true;
    life.syncsBeforeActing = true;
    life.retryAtMs = ports.clock.now() + retryDelayMs(ports.limits, life.failedTurns);
    log.turnFailed(life.failedTurns, error);
  }

  /** Code that awaits something else than its tasks may hold up its turn for ever. A terminate does not wait so long. */
  #insistOnTerminate(): void {
    const { life } = this;
    const { clock, limits } = this.#lasting.ports;
    clock.schedule(limits.terminatePatienceMs, () => {
      if (!life.isClosed && this.#isRunning && !life.hasEnded) this.#lasting.giveUpCode();
    });
  }

  // One turn after the other.

  /** Never rejects. */
  async #loop(): Promise<void> {
    const { life } = this;
    const { clock, limits } = this.#lasting.ports;
    try {
      life.outbox.deliverDue();
      while (!life.isClosed && life.hasWork) {
        life.warnings.unwatchTurn();
        this.#lasting.burst.goOn();
        if (life.mustReread) {
          await this.#reread();
          if (life.isClosed || life.queue.waitsForStart) continue;
        }
        // What is made again may hold up its turn, and a life before this one may have been asked to terminate.
        if (life.orchestration === undefined && life.queue.has("ExecutionTerminated")) this.#insistOnTerminate();
        await this.#takeTurn();
        if (life.warnings.isTight) await clock.delay(1_000);
        else if (++this.#turnsInARow >= limits.turnsPerPause) await clock.delay(0);
      }
    } catch (error) {
      if (!life.isClosed) this.failed(error);
    }
    if (life.isClosed) return;
    life.warnings.unwatchTurn();
    this.#isRunning = false;
    this.atRest();
    this.#lasting.announcer?.look();
  }

  #takeTurn(): Promise<void> {
    const { life } = this;
    const { spanned } = this.#lasting.ports;
    if (spanned === undefined || life.record === undefined) return takeTurn(life, this.#lasting);
    return spanned("workflow.turn", attributesOf(life.record), () => takeTurn(life, this.#lasting));
  }

  /** What a failure has left in doubt. */
  #reread(): Promise<void> {
    const { life } = this;
    const { ports } = this.#lasting;
    return readQueues(ports, (queues) => {
      if (life.isClosed) return;
      life.useQueues(queues);
      life.queue.releaseStart(ports.clock.now());
      life.outbox.deliverDue();
    });
  }
}
