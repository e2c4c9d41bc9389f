import { batch, type Signal, signal } from "@preact/signals";
import { changed } from "../act/index.tsx";
import { ApiError, api, at, mayMend } from "../app/api.ts";
import { type StreamEvent, type Watch, watch } from "../app/stream.ts";
import { attemptsOf, Bars } from "./model/bars.ts";
import { advance, askedIn, type Moment, momentOf } from "./model/moment.ts";
import type { Numbered } from "./model/rows.ts";
import {
  type HistoryEvent,
  msOf,
  sketchOf,
  type WireDetail,
  type WireHistory,
  type WireState,
  type WireTimeline,
} from "./model/wire.ts";

/*
 * One instance, as it is and goes on to be: its description and its newest bars are read, and then the stream tells what follows.
 *
 *   F1  Description, bars and stream each know how many events they have seen. The stream begins behind the one that has seen least; an event that
 *       another has seen already is not counted twice.
 *   F2  What no event tells is asked for again when events have come, at most once a second.
 *   F3  Another execution, a rewind and a gap are reasons to read everything anew. So is an ended instance that lives again: it is asked now and then.
 */

export type Reading = "loading" | "ready" | "missing" | "failed";

/** A description that takes longer is not waited for. */
const SKETCH_AFTER_MS = 150;
const FIRST_BARS = 1_000;
const MORE_BARS = 5_000;
const REFRESH_AFTER_MS = 300;
const REFRESH_EVERY_MS = 1_000;
const LOOK_AGAIN_MS = 10_000;

export class Feed {
  readonly id: string;
  readonly reading: Signal<Reading> = signal("loading");
  readonly error: Signal<unknown> = signal(undefined);
  readonly detail: Signal<WireDetail | undefined> = signal(undefined);
  readonly moment: Signal<Moment | undefined> = signal(undefined);
  /** The first event: who has started it, of what it is a rerun, in which trace. */
  readonly started: Signal<(HistoryEvent & { type: "ExecutionStarted" }) | undefined> = signal(undefined);
  readonly bars: Signal<Bars | undefined> = signal(undefined);
  readonly barsError: Signal<unknown> = signal(undefined);
  /** Counts the changes of the bars, which stay the same object. */
  readonly changes = signal(0);
  readonly isLoadingBars = signal(false);
  readonly stream: Signal<Watch | undefined> = signal(undefined);
  /** Purged while it was watched. */
  readonly isGone = signal(false);
  /** Says that the page was on another execution before. */
  readonly isAnew = signal(false);
  /** Counts the executions that were seen. */
  readonly executions = signal(1);
  readonly #abort = new AbortController();
  readonly #listeners = new Set<(events: readonly Numbered[], executionId: string) => void>();
  #arrived: { readonly executionId: string; readonly position: number; readonly event: HistoryEvent }[] = [];
  #flush: ReturnType<typeof setTimeout> | undefined;
  #refresh: ReturnType<typeof setTimeout> | undefined;
  #refreshedAtMs = 0;
  /** Of the bars that earlier pages are merged with: what has come while such a page was on its way. */
  #meanwhile: { readonly position: number; readonly event: HistoryEvent }[] | undefined;
  #round = 0;
  readonly #unsubscribe: () => void;
  readonly #lookAgain: ReturnType<typeof setInterval>;

  constructor(id: string) {
    this.id = id;
    void this.read();
    // Something was asked of it, or of another one, on this page.
    this.#unsubscribe = changed.subscribe(() => {
      if (this.detail.value?.executionId) void this.#ask(false);
    });
    this.#lookAgain = setInterval(() => this.#look(), LOOK_AGAIN_MS);
  }

  close(): void {
    this.#abort.abort();
    this.#unsubscribe();
    clearInterval(this.#lookAgain);
    clearTimeout(this.#flush);
    clearTimeout(this.#refresh);
    this.stream.value?.close();
  }

  /** Told of the events that follow, in order, with none missing. */
  onEvents(listener: (events: readonly Numbered[], executionId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Everything anew. What is shown stays until it is there. */
  async read(): Promise<void> {
    const round = ++this.#round;
    const isOver = () => round !== this.#round || this.#abort.signal.aborted;
    this.stream.value?.close();
    this.#arrived = [];
    const options = { signal: this.#abort.signal };
    // Answered at once, however long the history is.
    const plain = api.get<WireState>(at.workflows(this.id), { fetchPayloads: false }, options);
    const first = api.get<WireHistory>(at.workflows(this.id, "history"), { limit: 1 }, options);
    const timeline = api.get<WireTimeline>(
      at.workflows(this.id, "timeline"),
      { order: "desc", limit: FIRST_BARS },
      options,
    );
    // Their failures are told below, and none of them is left without a listener.
    first.catch(() => undefined);
    timeline.catch(() => undefined);
    const described = api.get<WireDetail>(at.workflows(this.id), { detail: "full" }, options);
    described.catch(() => undefined);
    try {
      const state = await plain;
      const isQuick = await Promise.race([described.then(() => true), wait(SKETCH_AFTER_MS)]);
      if (isOver()) return;
      if (isQuick !== true && this.detail.value === undefined) this.#sketch(state);
      const detail = await described;
      if (isOver()) return;
      batch(() => {
        const before = this.detail.value?.executionId;
        if (before !== undefined && before !== "" && before !== detail.executionId) {
          this.isAnew.value = true;
          this.executions.value++;
        }
        this.detail.value = detail;
        this.moment.value = momentOf(detail);
        this.reading.value = "ready";
        this.isGone.value = false;
        this.error.value = undefined;
      });
      await this.#readBars(timeline, detail, isOver);
      if (isOver()) return;
      this.#watch();
      void this.#readAsked(detail, isOver);
      await first.then(({ events: [event] }) => {
        if (event?.type === "ExecutionStarted" && !isOver()) this.started.value = event;
      });
    } catch (error) {
      if (isOver()) return;
      if (this.reading.value === "ready" && !isMissing(error)) return;
      this.error.value = error;
      this.reading.value = isMissing(error) ? "missing" : "failed";
    }
  }

  /** What is known of it before its history is read. Of one that is PENDING it is too little. */
  #sketch(state: WireState): void {
    if (state.runtimeStatus === "PENDING") return;
    batch(() => {
      const detail = sketchOf(state);
      this.detail.value = detail;
      this.moment.value = momentOf(detail);
      this.reading.value = "ready";
    });
  }

  async #readBars(answer: Promise<WireTimeline>, detail: WireDetail, isOver: () => boolean): Promise<void> {
    try {
      const bars = Bars.of(await answer);
      if (isOver()) return;
      const lastIds = new Map(bars.all.map((bar) => [bar.id, attemptsOf(bar).at(-1)?.id]));
      batch(() => {
        this.bars.value = bars;
        this.barsError.value = undefined;
        this.moment.value = momentOf(detail, (id) => lastIds.get(id) ?? id);
        this.#callOff(detail);
        this.changes.value++;
      });
    } catch (error) {
      if (!isOver()) this.barsError.value = error;
    }
  }

  /** Who has paused or ended it, and why: the description does not tell. */
  async #readAsked({ runtimeStatus }: WireDetail, isOver: () => boolean): Promise<void> {
    const types = ASKED_TYPES[runtimeStatus];
    if (types === undefined) return;
    const query = { types, order: "desc", limit: 1 };
    const page = await api
      .get<WireHistory>(at.workflows(this.id, "history"), query, { signal: this.#abort.signal })
      .catch(() => undefined);
    const [event] = page?.events ?? [];
    const moment = this.moment.value;
    if (event === undefined || moment === undefined || isOver() || moment.asked !== undefined) return;
    this.moment.value = { ...moment, asked: askedIn(event) };
  }

  /** The page of bars before those that are there. */
  async readEarlier(): Promise<void> {
    const bars = this.bars.value;
    if (bars?.earlier === undefined || this.isLoadingBars.value) return;
    this.isLoadingBars.value = true;
    this.#meanwhile = [];
    try {
      const query = { order: "desc", limit: MORE_BARS, continuationToken: bars.earlier };
      const page = await api.get<WireTimeline>(at.workflows(this.id, "timeline"), query, {
        signal: this.#abort.signal,
      });
      if (this.bars.value !== bars) return;
      bars.addPage(page, this.#meanwhile);
      this.changes.value++;
      this.barsError.value = undefined;
    } catch (error) {
      if (!this.#abort.signal.aborted) this.barsError.value = error;
    } finally {
      this.isLoadingBars.value = false;
      this.#meanwhile = undefined;
    }
  }

  #watch(): void {
    const [moment, bars] = [this.moment.value, this.bars.value];
    if (moment === undefined || this.detail.value?.sizes === undefined) return;
    const seen = Math.min(moment.events, bars?.executionId === moment.executionId ? bars.next : moment.events);
    const lastEventId = seen === 0 ? undefined : `${moment.executionId}.${seen - 1}`;
    this.stream.value?.close();
    this.stream.value = watch(at.workflows(this.id, "events"), undefined, {
      lastEventId,
      onEvent: (event) => this.#onEvent(event),
      onError: (error) => {
        if (isMissing(error)) this.#gone();
        // The history that it was to go on with is gone.
        if (error.status === 400) setTimeout(() => void this.read(), REFRESH_EVERY_MS);
      },
    });
  }

  #onEvent({ event, id = "", data }: StreamEvent): void {
    switch (event) {
      case "history": {
        const dot = id.lastIndexOf(".");
        this.#arrived.push({
          executionId: id.slice(0, dot),
          position: Number(id.slice(dot + 1)),
          event: JSON.parse(data) as HistoryEvent,
        });
        // Many at once are one change of the page.
        this.#flush ??= setTimeout(() => this.#take(), 40);
        return;
      }
      case "execution": {
        const { executionId } = JSON.parse(data) as { executionId: string };
        if (executionId !== this.moment.value?.executionId) void this.read();
        return;
      }
      case "end":
        this.#take();
        void this.#ask(true);
        return;
      case "gone":
        this.#gone();
    }
  }

  #gone(): void {
    this.#take();
    this.isGone.value = true;
  }

  #take(): void {
    clearTimeout(this.#flush);
    this.#flush = undefined;
    const arrived = this.#arrived;
    this.#arrived = [];
    const moment = this.moment.value;
    if (moment === undefined || arrived.length === 0) return;
    const ofThis = arrived.filter(({ executionId }) => executionId === moment.executionId);
    const bars = this.bars.value;
    let isWhole = ofThis.length === arrived.length;
    for (const { position, event } of ofThis) {
      if (bars?.add(position, event) === "read again") isWhole = false;
      this.#meanwhile?.push({ position, event });
    }
    if (!isWhole) {
      void this.read();
      return;
    }
    const fresh = ofThis.filter(({ position }) => position >= moment.events);
    batch(() => {
      this.moment.value = advance(
        moment,
        fresh.map(({ event }) => event),
      );
      this.changes.value++;
      for (const listener of this.#listeners) listener(ofThis, moment.executionId);
    });
    this.#askSoon();
  }

  #askSoon(): void {
    const wait = Math.max(REFRESH_AFTER_MS, this.#refreshedAtMs + REFRESH_EVERY_MS - Date.now());
    this.#refresh ??= setTimeout(() => void this.#ask(false), wait);
  }

  /** What no event tells. Payloads are not asked for again until it has ended. */
  async #ask(hasEnded: boolean): Promise<void> {
    clearTimeout(this.#refresh);
    this.#refresh = undefined;
    this.#refreshedAtMs = Date.now();
    const round = this.#round;
    const query = hasEnded ? { detail: "full" } : { detail: "full", fetchPayloads: false };
    try {
      const told = await api.get<WireDetail>(at.workflows(this.id), query, { signal: this.#abort.signal });
      if (round !== this.#round) return;
      const before = this.detail.value;
      if (before?.executionId !== told.executionId) return void this.read();
      const properties = { ...before.properties, ...told.properties };
      const detail = { ...told, properties };
      batch(() => {
        this.detail.value = detail;
        this.#callOff(detail);
        this.changes.value++;
      });
      // What has come behind its end: an activity that still ran, or somebody has rewound it.
      const hasMore = (detail.sizes?.historyEvents ?? 0) > (this.moment.value?.events ?? 0);
      if (hasMore && this.stream.value?.state.value === "ended" && !this.isGone.value) void this.read();
    } catch (error) {
      if (isMissing(error) && round === this.#round) this.isGone.value = true;
    }
  }

  #callOff(detail: WireDetail): void {
    if (detail.endedAt !== undefined || detail.sizes === undefined || detail.more?.openTimers !== undefined) return;
    this.bars.value?.callOff(new Set(detail.openTimers.map(({ id }) => id)), detail.sizes.historyEvents);
  }

  /** A server that did not answer may be there again. The stream has ended with the instance, which may be run once more. */
  #look(): void {
    if (document.hidden || this.isGone.value) return;
    if (this.reading.value === "failed" && mayMend(this.error.value)) void this.read();
    if (!this.detail.value?.executionId) return;
    if (this.stream.value === undefined || this.stream.value.state.value === "ended") void this.#ask(false);
  }
}

/** By status, the event that tells who has asked for it. */
const ASKED_TYPES: Partial<Record<WireDetail["runtimeStatus"], string>> = {
  SUSPENDED: "ExecutionSuspended",
  CANCELED: "ExecutionCancelRequested",
  TERMINATED: "ExecutionTerminated",
};

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function isMissing(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** Up to when it is drawn: now, or its end, which an activity may outlive. */
export function untilOf(moment: Moment, detail: WireDetail | undefined, nowMs: number): number {
  const endedMs = moment.endedMs ?? msOf(detail?.endedAt);
  return endedMs === undefined ? nowMs : Math.max(endedMs, moment.lastMs ?? endedMs);
}
