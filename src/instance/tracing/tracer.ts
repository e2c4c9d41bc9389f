import type { Outline, Turn } from "../../engine/turn.ts";
import type { ExecutionStarted, HistoryEvent } from "../../model/history-event.ts";
import { placeIn, type Span, type SpanPlace, traceIdOf } from "../../model/span.ts";
import { type InstanceRecord, nameOf } from "../../storage/instance-row.ts";
import { errorFields } from "../log-text.ts";
import type { InstancePorts, SpanOutbox, TracePort } from "../ports.ts";
import { type OpenCall, placeOf, spansOf, startSpan } from "./spans.ts";

/** Of one request. */
export const MOST_SPANS = 512;
/** What waits beyond is dropped, the oldest first. */
const MOST_WAITING = 4 * MOST_SPANS;
/** Before a request that is not full, so that it has what other instances have to tell meanwhile. */
const GATHER_MS = 250;
/** How long after an attempt that has failed the next one is made; then its spans are dropped. */
const PAUSES_MS = [1_000, 5_000] as const;
const ANSWER_MS = 10_000;
/** As long as a request and the pause behind it can take. */
const TAKEN_MS = ANSWER_MS + 6_000;
/** The collector may take them later. All else it never will. */
const TRANSIENT: readonly number[] = [429, 502, 503, 504];

/** What a turn has decided, and what was before it. */
export interface TakenTurn {
  readonly turn: Turn;
  readonly before: InstanceRecord;
  /** The execution that it continues as. */
  readonly next: InstanceRecord | undefined;
  readonly started: ExecutionStarted;
  /** The history before the turn. */
  readonly rest: Outline;
}

interface Calls {
  readonly of: string;
  readonly place: SpanPlace;
  /** Whoever has started it does not want it traced. */
  readonly isUnwanted: boolean;
  readonly open: Map<number, OpenCall>;
  isWhole: boolean;
}

/** Whose spans they are. */
export interface Traced {
  readonly burst: { readonly isOpen: boolean };
  atRest(): void;
}

/**
 * Tells a collector what the instance has done, in spans that are made when a step ends, from the history. Nothing is kept for it in the database, and
 * nobody waits for it: spans leave after the end of a burst, when what they tell of is written, and are dropped where the collector does not take
 * them. A request costs a third of a small instance, so those of an isolate go in one: who finds that nobody sends them, sends them all. What a
 * crash has lost is lost; what is told twice has the same IDs.
 */
export class Tracer {
  readonly #ports: InstancePorts;
  readonly #collector: TracePort;
  readonly #of: Traced;
  /** Of what need not be written yet. */
  readonly #waiting: Span[] = [];
  #isSending = false;
  /** Open calls of the execution that was last seen; `isWhole`: its history has been read. */
  #calls: Calls | undefined;

  constructor(ports: InstancePorts, collector: TracePort, of: Traced) {
    this.#ports = ports;
    this.#collector = collector;
    this.#of = of;
  }

  /** Spans are on their way to the collector. */
  get isSending(): boolean {
    return this.#isSending;
  }

  /** For a start that has none: that of a trace which begins with the instance. */
  traceparentOf(instanceId: string, executionId: string): string {
    const traceId = traceIdOf(instanceId, executionId);
    return `00-${traceId}-${traceId.slice(16)}-01`;
  }

  /** Somebody has started the instance. */
  begun(record: InstanceRecord, traceparent: string | undefined, callerSpanId: string | undefined): void {
    const place = placeIn(traceparent);
    if (place?.isSampled && record.parent === undefined) this.#add([startSpan(record, place, callerSpanId)]);
  }

  /** Before its commit: the spans of what has ended in the turn. */
  spansOf(taken: TakenTurn): Span[] {
    try {
      return this.#spansOf(taken);
    } catch (error) {
      // No turn fails for its spans.
      this.#warn(errorFields(this.#ports, error));
      return [];
    }
  }

  #spansOf({ turn, before, next, started, rest }: TakenTurn): Span[] {
    const calls = this.#callsOf(before, started);
    if (calls.isUnwanted) return [];
    for (const event of turn.events) note(calls.open, event);
    const first = rest.first ?? turn.events[0];
    const spans = spansOf(turn, {
      before,
      started,
      next,
      place: calls.place,
      startedAtMs: first !== undefined && "timestampMs" in first ? Number(first.timestampMs) : before.createdAtMs,
      restedAtMs: rest.lastAtMs,
      callOf: (id) => this.#callOf(calls, id),
      withMessages: this.#ports.logFailureMessages !== false,
    });
    for (const event of turn.events) if (isAnswer(event)) calls.open.delete(event.id);
    return spans;
  }

  /** The turn has been committed. */
  ended(spans: readonly Span[]): void {
    this.#add(spans);
  }

  /** At the end of a burst. */
  look(): void {
    if (this.#waiting.length === 0 || this.#of.burst.isOpen) return;
    const { outbox } = this.#collector;
    outbox.spans.push(...this.#waiting.splice(0));
    this.#limit(outbox.spans);
    if (!this.#isSending && this.#ports.clock.now() >= outbox.takenUntilMs) void this.#send(outbox);
  }

  #add(spans: readonly Span[]): void {
    this.#waiting.push(...spans);
    this.#limit(this.#waiting);
  }

  #limit(spans: Span[]): void {
    const excess = spans.length - MOST_WAITING;
    if (excess <= 0) return;
    spans.splice(0, excess);
    this.#warn({ dropped: excess });
  }

  #callsOf(record: InstanceRecord, { traceparent }: ExecutionStarted): Calls {
    const of = nameOf(record);
    if (this.#calls?.of !== of) {
      const isUnwanted = placeIn(traceparent)?.isSampled === false;
      this.#calls = { of, place: placeOf(record, traceparent), isUnwanted, open: new Map(), isWhole: false };
    }
    return this.#calls;
  }

  /** Memory has those that it has seen; the history has all. */
  #callOf(calls: Calls, id: number): OpenCall | undefined {
    const seen = calls.open.get(id);
    if (seen !== undefined || calls.isWhole) return seen;
    calls.isWhole = true;
    for (const { event } of this.#ports.store.skimHistory(0, false)) note(calls.open, event);
    return calls.open.get(id);
  }

  /** Never rejects. */
  async #send(outbox: SpanOutbox): Promise<void> {
    this.#isSending = true;
    while (outbox.spans.length > 0) {
      this.#take(outbox);
      if (outbox.spans.length < MOST_SPANS) await this.#ports.clock.delay(GATHER_MS);
      await this.#tell(outbox.spans.splice(0, MOST_SPANS));
    }
    outbox.takenUntilMs = 0;
    this.#isSending = false;
    this.#of.atRest();
  }

  #take(outbox: SpanOutbox): void {
    outbox.takenUntilMs = this.#ports.clock.now() + TAKEN_MS;
  }

  async #tell(spans: readonly Span[]): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      this.#take(this.#collector.outbox);
      const why = await this.#attempt(spans);
      if (why === undefined) return;
      const pauseMs = PAUSES_MS[attempt];
      if (why.isFinal || pauseMs === undefined) return this.#warn({ dropped: spans.length, ...why.fields });
      await this.#ports.clock.delay(pauseMs);
    }
  }

  /** `undefined`: the collector has them. */
  async #attempt(spans: readonly Span[]): Promise<{ readonly isFinal: boolean; readonly fields: object } | undefined> {
    const controller = new AbortController();
    const late = new Error("The collector has not answered in time.");
    const callOff = this.#ports.clock.schedule(ANSWER_MS, () => controller.abort(late));
    try {
      const status = await this.#collector.send(spans, controller.signal);
      if (status >= 200 && status < 300) return undefined;
      return { isFinal: !TRANSIENT.includes(status), fields: { status } };
    } catch (error) {
      return { isFinal: false, fields: errorFields(this.#ports, error) };
    } finally {
      callOff();
    }
  }

  #warn(fields: object): void {
    this.#ports.log({ level: "warn", msg: "traces", instanceId: this.#ports.instanceId(), ...fields });
  }
}

function note(open: Map<number, OpenCall>, event: HistoryEvent): void {
  const { timestampMs: atMs } = event;
  if (event.type === "TaskScheduled") open.set(event.id, { name: event.name, atMs, attempt: event.attempt });
  else if (event.type === "ChildWorkflowInstanceCreated")
    open.set(event.id, { name: event.name, atMs, instanceId: event.instanceId });
  else if (event.type === "TimerCreated") open.set(event.id, { name: "timer", atMs });
}

function isAnswer(event: HistoryEvent): event is HistoryEvent & { readonly id: number } {
  return (
    event.type === "TaskCompleted" ||
    event.type === "TaskFailed" ||
    event.type === "TimerFired" ||
    event.type === "ChildWorkflowInstanceCompleted" ||
    event.type === "ChildWorkflowInstanceFailed"
  );
}
