import type { HistoryEvent } from "./history-event.ts";
import { isOfSchedule } from "./ids.ts";
import type { TerminalStatus } from "./status.ts";

/**
 * What one instance adds to the metrics of all: counts, and times by bucket, over its whole life. A pure function of its history, so that it
 * is the same whenever it is made; an instance tells its totals, and not what has just happened, so that what is told twice counts once.
 *
 * A key is a kind of two letters, and the name of an activity behind it. A value is the sum of the times in ms, and then a bucket and how
 * often, a bucket and how often; of what has no times, how often alone. All values only ever grow.
 */
export type Totals = Readonly<Record<string, readonly number[]>>;

/** Upper bounds, in ms; behind them is one without. */
export const BUCKETS_MS = [
  10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 3_600_000, 86_400_000,
] as const;

/** Behind `activity…` stands the name. */
export const KINDS = {
  /** A call that was written, and so is made. */
  activityAsked: "ao",
  activitySucceeded: "as",
  activityFailed: "af",
  workflowSucceeded: "ws",
  workflowFailed: "wf",
  workflowTerminated: "wt",
  /** From the start to what the first turn has asked for. */
  scheduling: "sl",
  /** Of one that a schedule has started: how long after it was due. */
  lateness: "sd",
  created: "oc",
  raised: "oe",
} as const;

const END_KINDS = {
  COMPLETED: KINDS.workflowSucceeded,
  FAILED: KINDS.workflowFailed,
  TERMINATED: KINDS.workflowTerminated,
  CANCELED: KINDS.workflowTerminated,
} as const satisfies Record<TerminalStatus, string>;

/** Activities that find no room are counted under this name. */
export const OTHER = "other";
/** Of names and buckets of activities: with what else there is, totals stay below 1 KB as JSON. */
const MOST_BYTES = 600;
/** What a key takes beside its name, and what a bucket takes. */
const KEY_BYTES = 20;
const BUCKET_BYTES = 10;
/** What the first turn may have asked for: with any other event, when it was taken is not known. */
const ASKED: readonly HistoryEvent["type"][] = [
  "TaskScheduled",
  "TimerCreated",
  "ChildWorkflowInstanceCreated",
  "DetachedWorkflowScheduled",
  "EventSent",
  "PatchRecorded",
  "ExecutionCompleted",
];

const encoder = new TextEncoder();

/** Counts the events of an execution, one after the other; `carried`: what its instance has from the executions before. */
export class Tally {
  readonly #totals: Record<string, number[]> = Object.create(null);
  /** Calls of activities that are open. */
  readonly #open = new Map<number, { readonly name: string; readonly atMs: number }>();
  /** Those that have failed: a rewind opens one again. */
  readonly #failed = new Map<number, string>();
  #bytes = 0;
  #seen = 0;
  #startedAtMs = 0;
  /** It is the execution that somebody has started. */
  #isFirst = false;
  /** So many events are those of another instance, of which this one is a rerun. */
  #copied = 0;
  #delayMs = 0;

  constructor(carried: Totals = {}) {
    for (const [key, value] of Object.entries(carried)) {
      this.#totals[key] = [...value];
      if (isOfActivity(key) && key.slice(2) !== OTHER)
        this.#bytes += keyBytes(key) + (BUCKET_BYTES * (value.length - 1)) / 2;
    }
  }

  /** Not to be changed. */
  get totals(): Totals {
    return this.#totals;
  }

  /** How many events it has seen. */
  get seen(): number {
    return this.#seen;
  }

  add(event: HistoryEvent): void {
    const isCopied = this.#seen > 0 && this.#seen < this.#copied;
    const isSecond = this.#seen === 1;
    this.#seen++;
    if (event.type === "ExecutionStarted") return this.#begin(event);
    if (isCopied) return this.#copy(event);
    if (isSecond && this.#isFirst && ASKED.includes(event.type))
      this.#observe(KINDS.scheduling, event.timestampMs - this.#startedAtMs);
    this.#count(event);
  }

  #begin(event: HistoryEvent & { type: "ExecutionStarted" }): void {
    const { timestampMs, generation, rerunOf, startAtMs = 0, actor } = event;
    // Nobody waits for one that is to begin later.
    this.#startedAtMs = Math.max(timestampMs, startAtMs);
    this.#copied = rerunOf?.events ?? 0;
    this.#delayMs = rerunOf?.delayMs ?? 0;
    this.#isFirst = generation === 0 && rerunOf === undefined;
    if (this.#isFirst || rerunOf !== undefined) this.#addOne(KINDS.created);
    if (this.#isFirst && startAtMs > 0 && isOfSchedule(actor)) this.#observe(KINDS.lateness, timestampMs - startAtMs);
  }

  /** What another instance has asked for is made again, and answered to this one, if it was open. */
  #copy(event: HistoryEvent): void {
    if (event.type === "TaskScheduled")
      this.#open.set(event.id, { name: event.name, atMs: event.timestampMs + this.#delayMs });
    else if (event.type === "TaskCompleted" || event.type === "TaskFailed") this.#open.delete(event.id);
    if (this.#seen === this.#copied) for (const { name } of this.#open.values()) this.#asked(name);
  }

  #count(event: HistoryEvent): void {
    switch (event.type) {
      case "TaskScheduled":
        this.#asked(event.name);
        return void this.#open.set(event.id, { name: event.name, atMs: event.timestampMs });
      case "TaskCompleted":
      case "TaskFailed":
        return this.#answered(event);
      case "EventRaised":
        return this.#addOne(KINDS.raised);
      case "ExecutionRewound":
        for (const [id, name] of this.#failed) {
          this.#asked(name);
          this.#open.set(id, { name, atMs: event.timestampMs });
        }
        return this.#failed.clear();
      case "ExecutionCompleted":
        return this.#observe(END_KINDS[event.status], event.timestampMs - this.#startedAtMs);
    }
  }

  #answered({ type, id, timestampMs }: HistoryEvent & { type: "TaskCompleted" | "TaskFailed" }): void {
    const call = this.#open.get(id);
    if (call === undefined) return;
    this.#open.delete(id);
    if (type === "TaskFailed") this.#failed.set(id, call.name);
    const kind = type === "TaskFailed" ? KINDS.activityFailed : KINDS.activitySucceeded;
    const ms = timestampMs - call.atMs;
    const key = kind + call.name;
    this.#observe(this.#hasRoom(key, ms) ? key : kind + OTHER, ms);
  }

  #asked(name: string): void {
    const key = KINDS.activityAsked + name;
    const isPlaced = name === OTHER || this.#totals[key] !== undefined || this.#take(keyBytes(key));
    this.#addOne(isPlaced ? key : KINDS.activityAsked + OTHER);
  }

  /** What has its place keeps it, so no value ever falls. */
  #hasRoom(key: string, ms: number): boolean {
    if (key.slice(2) === OTHER) return true;
    const series = this.#totals[key];
    const isNew = series === undefined || placeOf(series, bucketOf(ms)) === undefined;
    const bytes = (series === undefined ? keyBytes(key) : 0) + (isNew ? BUCKET_BYTES : 0);
    return bytes === 0 || this.#take(bytes);
  }

  #take(bytes: number): boolean {
    if (this.#bytes + bytes > MOST_BYTES) return false;
    this.#bytes += bytes;
    return true;
  }

  /** The clocks of two machines may differ. */
  #observe(key: string, givenMs: number): void {
    const ms = Math.max(0, Math.round(givenMs));
    let series = this.#totals[key];
    if (series === undefined) {
      series = [0];
      this.#totals[key] = series;
    }
    series[0] = (series[0] ?? 0) + ms;
    const bucket = bucketOf(ms);
    const place = placeOf(series, bucket);
    if (place === undefined) series.push(bucket, 1);
    else series[place] = (series[place] ?? 0) + 1;
  }

  #addOne(key: string): void {
    this.#totals[key] = [(this.#totals[key]?.[0] ?? 0) + 1];
  }
}

/** No other kind begins so. */
function isOfActivity(key: string): boolean {
  return key.startsWith("a");
}

function keyBytes(key: string): number {
  return encoder.encode(JSON.stringify(key)).byteLength + KEY_BYTES;
}

export function bucketOf(ms: number): number {
  const found = BUCKETS_MS.findIndex((bound) => ms <= bound);
  return found === -1 ? BUCKETS_MS.length : found;
}

/** Where in the series stands how often. */
function placeOf(series: readonly number[], bucket: number): number | undefined {
  for (let n = 1; n < series.length; n += 2) if (series[n] === bucket) return n + 1;
  return undefined;
}

/** Whether these are totals as this code makes them. */
export function areTotals(value: unknown): value is Totals {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every(
    (series) =>
      Array.isArray(series) && series.length % 2 === 1 && series.every((n) => Number.isSafeInteger(n) && n >= 0),
  );
}
