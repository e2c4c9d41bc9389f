import { GroupCommit } from "../catalog/group-commit.ts";
import { errorFields } from "../instance/log-text.ts";
import type { LeasePlace, LeaseRequest, LeaseState } from "../model/lease.ts";
import { Book, type Grant, type News } from "./book.ts";
import { Messages } from "./messages.ts";
import type { LimiterPorts } from "./ports.ts";
import type { LimiterApi, LimiterHealth } from "./protocol.ts";

/** How long an alarm pauses that could not do its work. */
export const ALARM_RETRY_MS = 60_000;
/** What is due sooner is waited for in memory, with an alarm behind it: an alarm is a row. */
const SHORT_MS = 1_000;
/** An alarm that is so late will not ring any more. */
const LOST_MS = 60_000;

/** One object of a limit: what comes goes through one group commit to the book, and what that gives away is told. */
export class Limiter implements LimiterApi {
  readonly #ports: LimiterPorts;
  readonly #commit: GroupCommit<News, readonly LeaseState[]>;
  readonly #messages: Messages;
  /** Made of what the ledger holds; `undefined` after a failure. */
  #book: Book | undefined;
  #alarmAtMs: number | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(ports: LimiterPorts) {
    this.#ports = ports;
    const { initialMs } = ports.alarm;
    this.#alarmAtMs = initialMs !== undefined && initialMs < ports.now() - LOST_MS ? undefined : initialMs;
    this.#commit = new GroupCommit({
      write: (news) => this.#turn(news),
      durable: () => ports.durable(),
    });
    this.#messages = new Messages({
      holder: (instanceId) => ports.holder(instanceId),
      schedule: ports.schedule,
      isHeld: (grant) => grant.untilMs === 0 || (grant.untilMs > ports.now() && this.#isHeld(grant)),
      refused: (instanceId, refused) => this.#refuse({ instanceId, asks: [], releases: [], refused }),
    });
  }

  /** What the object that was here before may not have told. To be called once, before anything else. */
  open(): void {
    this.#messages.add(this.#opened.untold());
    this.#wake(this.#ports.now());
  }

  lease(request: LeaseRequest): Promise<readonly LeaseState[]> {
    return this.#commit.add(request);
  }

  async places(instanceId: string, leases: readonly string[]): Promise<readonly (LeasePlace | undefined)[]> {
    const { ledger } = this.#ports;
    return leases.map((lease) => {
      const entry = ledger.find(instanceId, lease);
      if (entry === undefined || entry.untilMs !== undefined) return undefined;
      const { key, place, sinceMs } = entry;
      const before = ledger.before(key, place);
      const others = ledger.beforeInOthers(key, before, this.#opened.served);
      return { key, position: before + 1, ahead: before + others, sinceMs };
    });
  }

  async health(mostQueues: number): Promise<LimiterHealth> {
    const { ledger } = this.#ports;
    const book = this.#opened;
    const { queues, keys } = ledger.queues(mostQueues);
    return {
      running: book.running,
      waiting: book.waiting,
      queues: queues.map((queue) => ({ ...queue, running: book.runningOf(queue.key) })),
      keys,
      oldestSinceMs: ledger.oldestSinceMs(),
    };
  }

  async positions(instanceIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.#ports.ledger.positions(instanceIds);
  }

  /** Never rejects; what it could not do it tries again. */
  async alarm(): Promise<void> {
    this.#alarmAtMs = undefined;
    this.#look();
  }

  #look(): void {
    try {
      this.#turn([]);
    } catch (error) {
      this.#fault("limiter", error);
      this.#wakeBy(this.#ports.now() + ALARM_RETRY_MS);
    }
  }

  /** Should it fail, the lease comes back when its time is over. */
  #refuse(news: News): void {
    this.#commit.add(news).catch((error) => this.#fault("limiter", error));
  }

  /** What cannot be read may be held: its holder knows whether it wants it, and asks. */
  #isHeld(grant: Grant): boolean {
    try {
      return this.#opened.isHeld(grant);
    } catch (error) {
      this.#fault("limiter", error);
      return true;
    }
  }

  get #opened(): Book {
    this.#book ??= new Book(this.#ports.ledger, this.#ports.quota, this.#ports.now(), this.#ports.leaseMs);
    return this.#book;
  }

  #turn(news: readonly News[]): readonly (readonly LeaseState[])[] {
    const nowMs = this.#ports.now();
    const book = this.#opened;
    try {
      const { answers, grants } = this.#ports.ledger.transaction(() => book.turn(news, nowMs));
      this.#wake(nowMs);
      this.#messages.add(grants);
      return answers;
    } catch (error) {
      // Memory is ahead of what is written.
      this.#book = undefined;
      throw error;
    }
  }

  #wake(nowMs: number): void {
    const atMs = this.#opened.nextTurnMs(nowMs);
    if (atMs === Number.POSITIVE_INFINITY) return;
    if (atMs - nowMs < SHORT_MS) this.#lookAt(Math.max(atMs, nowMs + 1), nowMs);
    this.#wakeBy(Math.max(atMs, nowMs + SHORT_MS));
  }

  #lookAt(atMs: number, nowMs: number): void {
    if (this.#timerAtMs <= atMs) return;
    this.#timerAtMs = atMs;
    this.#ports.schedule(atMs - nowMs, () => {
      if (this.#timerAtMs !== atMs) return;
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.#look();
    });
  }

  /** Setting the alarm is billed as a row: only where it would ring too late. */
  #wakeBy(atMs: number): void {
    if (this.#alarmAtMs !== undefined && this.#alarmAtMs <= atMs) return;
    this.#alarmAtMs = atMs;
    this.#ports.alarm.set(atMs);
  }

  /** No message of a limiter quotes a key. */
  #fault(msg: string, error: unknown): void {
    this.#ports.log({ level: "error", msg, limiter: this.#ports.name, ...errorFields({}, error) });
  }
}
