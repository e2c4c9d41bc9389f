import { type Signal, signal } from "@preact/signals";
import { api, at } from "../app/api.ts";
import type { Feed } from "./feed.ts";
import type { Numbered } from "./model/rows.ts";
import { Travel } from "./model/travel.ts";
import type { WireHistory } from "./model/wire.ts";

const PAGE = 5_000;

/** The whole history, read when time travel is first wanted, and from then on as it goes on. */
export class TravelFeed {
  readonly travel = new Travel();
  /** How many events are here. */
  readonly read = signal(0);
  readonly isWhole = signal(false);
  readonly error: Signal<unknown> = signal(undefined);
  readonly #abort = new AbortController();
  readonly #stop: () => void;
  #later: Numbered[] = [];
  readonly #feed: Feed;

  constructor(feed: Feed) {
    this.#feed = feed;
    this.#stop = feed.onEvents((events) => {
      this.#later.push(...events);
      if (this.isWhole.value) this.#follow();
    });
    void this.load();
  }

  close(): void {
    this.#abort.abort();
    this.#stop();
  }

  async load(): Promise<void> {
    this.error.value = undefined;
    const executionId = this.#feed.moment.value?.executionId ?? "";
    try {
      let token: string | undefined = this.read.value === 0 ? undefined : `${executionId}.${this.read.value}`;
      do {
        const query = { limit: PAGE, continuationToken: token };
        const page: WireHistory = await api.get<WireHistory>(at.workflows(this.#feed.id, "history"), query, {
          signal: this.#abort.signal,
        });
        this.travel.add(page.events);
        this.read.value = this.travel.events.length;
        token = page.continuationToken;
      } while (token !== undefined);
      this.isWhole.value = true;
      this.#follow();
    } catch (error) {
      if (!this.#abort.signal.aborted) this.error.value = error;
    }
  }

  /** Those that came while pages were read are partly in them. */
  #follow(): void {
    const count = this.travel.events.length;
    const fresh = this.#later.filter(({ position }) => position >= count);
    this.#later = [];
    if (fresh[0] !== undefined && fresh[0].position > count) {
      this.isWhole.value = false;
      void this.load();
      return;
    }
    this.travel.add(fresh.map(({ event }) => event));
    this.read.value = this.travel.events.length;
  }
}
