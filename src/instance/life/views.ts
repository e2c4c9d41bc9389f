import { isTerminal } from "../../model/status.ts";
import type { InstancePorts } from "../ports.ts";
import type {
  DescribeOptions,
  HistoryPage,
  HistoryRequest,
  InstanceDescription,
  TimelinePage,
  TimelineRequest,
  WaitedFor,
  WaitOptions,
} from "../protocol.ts";
import {
  describeInstance,
  hasStarted,
  type Moment,
  NOTHING_KNOWN,
  readHistoryPage,
  readPast,
  readTimeline,
  type Snapshot,
  snapshotOf,
} from "../reading/index.ts";
import type { Lives } from "./lives.ts";
import type { Reception } from "./reception.ts";

/** What callers are told of an instance: its state, its history, its timeline. Changes nothing. */
export class Views {
  readonly #ports: InstancePorts;
  readonly #lives: Lives;
  readonly #reception: Reception;

  constructor(ports: InstancePorts, lives: Lives, reception: Reception) {
    this.#ports = ports;
    this.#lives = lives;
    this.#reception = reception;
  }

  async describe({ payloads, detail, pastEvents }: DescribeOptions): Promise<InstanceDescription | undefined> {
    // A caller reads its own writes: what was accepted before this call is taken into account first.
    const { current, loop } = this.#lives;
    if (detail !== true && (current.isBehind || loop.isRunning)) await this.#reception.catchUp();
    this.#lives.household.announcer?.remind();
    const told = await this.#told(payloads, detail);
    const { record } = this.#lives;
    if (pastEvents === undefined || told === undefined || record === undefined) return told;
    return { ...told, past: await readPast(this.#ports, record, pastEvents) };
  }

  async waitFor(until: WaitedFor, options: WaitOptions): Promise<InstanceDescription | undefined> {
    // Other code may be here by now, and nothing else tells an instance that is stalled.
    if (this.#lives.record?.status === "STALLED" && this.#lives.current.isBehind) await this.#reception.catchUp();
    const isReached = () => {
      const { record } = this.#lives;
      if (record === undefined) return true;
      return until === "started" ? hasStarted(record) : isTerminal(record.status);
    };
    const { retention } = this.#lives.household;
    retention.awaited();
    try {
      await this.#lives.watchers.until(isReached, options.timeoutMs);
      return await this.#told(options.payloads, options.detail);
    } finally {
      retention.answered();
    }
  }

  async history(request: HistoryRequest): Promise<HistoryPage | undefined> {
    const { record, readability } = this.#lives;
    if (record === undefined) return undefined;
    return readHistoryPage(this.#ports, record, request, () => readability.check());
  }

  async timeline(request: TimelineRequest): Promise<TimelinePage | undefined> {
    const { isOpen } = await this.#snapshot();
    const { record, readability } = this.#lives;
    if (record === undefined) return undefined;
    return readTimeline(this.#ports, record, request, isOpen, () => readability.check());
  }

  async #told(payloads: boolean, detail: boolean | undefined): Promise<InstanceDescription | undefined> {
    const moment = detail === true ? await this.#moment() : undefined;
    return describeInstance(this.#ports, this.#lives, payloads, moment);
  }

  async #moment(): Promise<Moment> {
    const snapshot = await this.#snapshot();
    const { current, household } = this.#lives;
    const leases = await household.leases?.places();
    const dueAtMs = current.nextDueAtMs(Number.NEGATIVE_INFINITY);
    return {
      ...snapshot,
      startAtMs: current.queue.scheduledAtMs,
      waiting: current.queue.waiting,
      nextDueAtMs: Number.isFinite(dueAtMs) ? dueAtMs : undefined,
      leases,
      waitsForLimit: (activity, callId) => current.waitsForLimit(activity, callId),
    };
  }

  /** What only the code can tell, which is replayed for that unless it is in memory. It has nothing more to tell after the end. */
  async #snapshot(): Promise<Snapshot> {
    const { current } = this.#lives;
    if (current.record === undefined) return NOTHING_KNOWN;
    if (current.hasEnded || current.isUnreadable) return snapshotOf(current, 0);
    let snapshot = NOTHING_KNOWN;
    await this.#reception.catchUp(() => {
      snapshot = snapshotOf(this.#lives.current, this.#ports.store.nextHistorySeq);
    });
    return snapshot;
  }
}
