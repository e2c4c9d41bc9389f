import { type Signal, signal } from "@preact/signals";
import { ApiError, api, at } from "../app/api.ts";
import type { Feed } from "./feed.ts";
import { mergeEvents, numberedEvents, positionIn } from "./model/history-page.ts";
import { FAILURE_TYPES, isFailure, type Numbered } from "./model/rows.ts";
import type { WireHistory } from "./model/wire.ts";

/*
 * A history in pages, from one of its ends; from its end it goes on with what the stream tells. Filters are the server's.
 */

export interface HistoryFilter {
  readonly order: "asc" | "desc";
  readonly types: string | undefined;
  readonly contains: string | undefined;
  readonly onlyFailures: boolean;
}

const PAGE = 200;

export class HistoryPages {
  /** In ascending order, whichever end was read from. */
  readonly events: Signal<readonly Numbered[]> = signal([]);
  readonly isLoading = signal(true);
  readonly error: Signal<unknown> = signal(undefined);
  readonly hasMore = signal(false);
  /** So far a search with few hits has looked. */
  readonly searchedTo: Signal<number | undefined> = signal(undefined);
  readonly #feed: Feed;
  readonly #filter: HistoryFilter;
  readonly #abort = new AbortController();
  readonly #stop: () => void;
  #token: string | undefined;
  /** What has come while the first page was on its way. */
  #early: Numbered[] | undefined = [];

  constructor(feed: Feed, filter: HistoryFilter) {
    this.#feed = feed;
    this.#filter = filter;
    this.#stop = feed.onEvents((events) => this.#follow(events));
    void this.more();
  }

  close(): void {
    this.#abort.abort();
    this.#stop();
  }

  async more(): Promise<void> {
    this.isLoading.value = true;
    this.error.value = undefined;
    const { order, types, contains, onlyFailures } = this.#filter;
    const query = {
      limit: PAGE,
      order,
      contains,
      types: onlyFailures ? FAILURE_TYPES.join(",") : types,
      continuationToken: this.#token,
    };
    try {
      const page = await api.get<WireHistory>(at.workflows(this.#feed.id, "history"), query, {
        signal: this.#abort.signal,
      });
      const found = numberedEvents(page, { order, from: positionIn(this.#token) });
      this.#token = page.continuationToken;
      this.hasMore.value = page.continuationToken !== undefined;
      this.searchedTo.value = page.complete === false ? positionIn(page.continuationToken) : undefined;
      this.#merge(found);
      if (this.#early !== undefined) this.#merge(this.#early.filter((one) => this.#fits(one)));
      this.#early = undefined;
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      // The execution that the token names is over: the page of the instance reads everything anew.
      this.error.value =
        error instanceof ApiError && error.status === 400 && this.#token !== undefined ? undefined : error;
      this.hasMore.value = false;
    } finally {
      this.isLoading.value = false;
    }
  }

  #merge(found: readonly Numbered[]): void {
    const shown = found.filter(({ event }) => !this.#filter.onlyFailures || isFailure(event));
    this.events.value = mergeEvents(this.events.value, shown);
  }

  #follow(events: readonly Numbered[]): void {
    if (this.#filter.order === "asc" && this.hasMore.value) return;
    if (this.#early !== undefined) this.#early.push(...events);
    else this.#merge(events.filter((one) => this.#fits(one)));
  }

  #fits({ event }: Numbered): boolean {
    const { types, contains, onlyFailures } = this.#filter;
    if (onlyFailures) return isFailure(event);
    if (types !== undefined && !types.split(",").includes(event.type)) return false;
    return contains === undefined || JSON.stringify(event).includes(contains);
  }
}
