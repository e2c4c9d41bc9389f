import { signal } from "@preact/signals";
import { api, at } from "../app/api.ts";
import type { Standing } from "../parts/status-chip.tsx";
import { type Filters, toApi } from "./filters.ts";

/*
 * How many there are of each status, under all filters but that of the status. Those of RUNNING are told apart by two counts more, which shards read
 * from an index of what is not ended.
 */

export type Counts = Readonly<Partial<Record<Standing, number>>>;

interface CountAnswer {
  readonly counts: readonly { readonly status: string; readonly count: number }[];
  readonly complete?: false;
}

/** At most so often, however much happens. */
const LEAST_MS = 3_000;

export class CountStore {
  readonly counts = signal<Counts>({});
  readonly total = signal<number | undefined>(undefined);
  readonly isExact = signal(true);
  readonly #filters: Filters;
  #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #readAtMs = 0;

  constructor(filters: Filters) {
    this.#filters = { ...filters, is: [] };
  }

  /** Soon, and once however often it is called. */
  refresh(): void {
    if (this.#timer !== undefined || this.#abort.signal.aborted) return;
    const waitMs = Math.max(0, this.#readAtMs + LEAST_MS - Date.now());
    this.#timer = setTimeout(() => {
      this.#readAtMs = Date.now();
      this.#read().finally(() => {
        this.#timer = undefined;
      });
    }, waitMs);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  async #read(): Promise<void> {
    try {
      const all = await this.#count([]);
      const running = all.counts.find(({ status }) => status === "RUNNING")?.count ?? 0;
      const [waiting, retrying] =
        running === 0 ? [0, 0] : await Promise.all([this.#countOf("waiting"), this.#countOf("retrying")]);
      const others = all.counts.map(({ status, count }) => [status.toLowerCase(), count] as const);
      this.counts.value = {
        ...Object.fromEntries(others),
        running: Math.max(0, running - waiting - retrying),
        waiting,
        retrying,
      };
      this.total.value = others.reduce((sum, [, count]) => sum + count, 0);
      this.isExact.value = all.complete !== false;
    } catch {
      // The list tells of what has failed; counts of a moment ago stay.
    }
  }

  async #countOf(standing: Standing): Promise<number> {
    const { counts } = await this.#count([standing]);
    return counts.reduce((sum, { count }) => sum + count, 0);
  }

  #count(is: readonly Standing[]): Promise<CountAnswer> {
    // What is typed as a query stands beside that of the status.
    const parameters = toApi({ ...this.#filters, is }, Date.now());
    return api.get<CountAnswer>(at.workflows(), { ...parameters, countBy: "status" }, { signal: this.#abort.signal });
  }
}
