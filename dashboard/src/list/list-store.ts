import { batch, computed, signal } from "@preact/signals";
import { ApiError, api, at } from "../app/api.ts";
import { type Filters, toApi } from "./filters.ts";
import { appended, applyChanges, type Row, type RowChange } from "./rows.ts";

/*
 * One list: pages as they are scrolled to, and every 2 s what has changed, as long as the tab is seen. It outlives its page, so that whoever comes
 * back from an instance finds it as it was.
 *
 *   empty --open()--> reading --> live <--> lost (a read has failed; what is there stays, and it is tried again)
 */

const FIRST_PAGE = 100;
const PAGE = 500;
const POLL_MS = 2_000;
const LONGEST_POLL_MS = 30_000;

interface PageAnswer {
  readonly workflows: readonly Row[];
  readonly continuationToken?: string;
  readonly complete?: false;
  readonly searchedTo?: string;
  readonly missingShards?: number;
}

interface ChangesAnswer {
  readonly workflows: readonly RowChange[];
  readonly since: string;
  readonly resync?: true;
  readonly missingShards?: number;
}

export class ListStore {
  readonly rows = signal<readonly Row[]>([]);
  readonly isReading = signal(false);
  /** Whether a first page has been read: before, an empty list says nothing. */
  readonly hasRead = signal(false);
  /** The last read that has failed, if it was the last. */
  readonly error = signal<ApiError | undefined>(undefined);
  readonly token = signal<string | undefined>(undefined);
  /** Where a filter fits so few that a page is not all that there is up to there: how far it was looked. */
  readonly searchedTo = signal<string | undefined>(undefined);
  readonly isPartial = signal(false);
  readonly missingShards = signal(0);
  /** Rows that have come while the reader was further down. */
  readonly unseen = signal(0);
  readonly readAtMs = signal(0);
  readonly isWhole = computed(() => this.hasRead.value && this.token.value === undefined);
  /** Changes with each answer that has changed something: what counts is read again then. */
  readonly version = signal(0);
  /** Where the reader was. */
  scrollY = 0;

  readonly key: string;
  readonly filter: Readonly<Record<string, string>>;
  readonly #order: "desc" | "asc";
  #since: string | undefined;
  #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  constructor(filters: Filters, nowMs: number) {
    this.key = JSON.stringify(filters);
    this.filter = toApi(filters, nowMs);
    this.#order = filters.order;
  }

  /** From the beginning, or on from where it was. */
  open(): void {
    this.#abort = new AbortController();
    document.addEventListener("visibilitychange", this.#seen);
    if (this.hasRead.value) void this.#poll();
    else void this.reload();
  }

  close(): void {
    document.removeEventListener("visibilitychange", this.#seen);
    clearTimeout(this.#timer);
    this.#abort.abort();
    this.isReading.value = false;
  }

  /** All of it anew: the rows that are there stay until others have come. */
  async reload(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#reading(async () => {
      // First where the changes begin, then the page: what happens between the two is told twice, which does no harm.
      const { since } = await this.#changes("");
      const page = await this.#page(undefined, FIRST_PAGE);
      batch(() => {
        this.#since = since;
        this.rows.value = page.workflows;
        this.unseen.value = 0;
        this.hasRead.value = true;
        this.#took(page);
      });
    });
    this.#later();
  }

  async readMore(): Promise<void> {
    const token = this.token.value;
    if (token === undefined || this.isReading.value) return;
    await this.#reading(async () => {
      const page = await this.#page(token, PAGE);
      batch(() => {
        this.rows.value = appended(this.rows.value, page.workflows);
        this.#took(page);
      });
    });
  }

  async #poll(): Promise<void> {
    clearTimeout(this.#timer);
    if (document.hidden) return;
    const { signal: aborted } = this.#abort;
    try {
      const answer = await this.#changes(this.#since ?? "");
      if (answer.resync === true) return void this.reload();
      batch(() => this.#apply(answer));
      this.#failures = 0;
      this.error.value = undefined;
    } catch (error) {
      if (aborted.aborted) return;
      this.#fail(error);
    }
    this.#later();
  }

  #apply({ workflows, since, missingShards = 0 }: ChangesAnswer): void {
    const { rows, added } = applyChanges(this.rows.value, workflows, {
      order: this.#order,
      isWhole: this.token.value === undefined,
    });
    this.#since = since;
    this.readAtMs.value = Date.now();
    this.missingShards.value = missingShards;
    if (workflows.length === 0) return;
    this.rows.value = rows;
    this.version.value++;
    if (added > 0 && scrollY > innerHeight / 2 && this.#order === "desc") this.unseen.value += added;
  }

  #took({ continuationToken, complete, searchedTo, missingShards = 0 }: PageAnswer): void {
    this.token.value = continuationToken;
    this.isPartial.value = complete === false;
    this.searchedTo.value = searchedTo;
    this.missingShards.value = missingShards;
    this.readAtMs.value = Date.now();
    this.error.value = undefined;
    this.version.value++;
  }

  async #reading(read: () => Promise<void>): Promise<void> {
    const { signal: aborted } = this.#abort;
    this.isReading.value = true;
    try {
      await read();
      this.#failures = 0;
    } catch (error) {
      if (aborted.aborted) return;
      this.#fail(error);
    } finally {
      if (!aborted.aborted) this.isReading.value = false;
    }
  }

  #fail(error: unknown): void {
    this.#failures++;
    this.error.value = error instanceof ApiError ? error : new ApiError(0, "", String(error));
  }

  /** What the server says of the question itself is the same answer a moment later. */
  #later(): void {
    clearTimeout(this.#timer);
    const status = this.error.value?.status ?? 0;
    if (this.#abort.signal.aborted || (status >= 400 && status < 500) || status === 501) return;
    const waitMs = Math.min(POLL_MS * 2 ** this.#failures, LONGEST_POLL_MS);
    this.#timer = setTimeout(() => (this.hasRead.value ? this.#poll() : this.reload()), waitMs);
  }

  readonly #seen = (): void => {
    if (!document.hidden && this.hasRead.value) void this.#poll();
  };

  #page(continuationToken: string | undefined, pageSize: number): Promise<PageAnswer> {
    const query = { ...this.filter, order: this.#order, pageSize, continuationToken };
    return api.get<PageAnswer>(at.workflows(), query, { signal: this.#abort.signal });
  }

  #changes(since: string): Promise<ChangesAnswer> {
    return api.get<ChangesAnswer>(at.workflows(), { ...this.filter, since }, { signal: this.#abort.signal });
  }
}

let last: ListStore | undefined;

/** The same again for the same filters. */
export function listOf(filters: Filters): ListStore {
  if (last?.key !== JSON.stringify(filters)) last = new ListStore(filters, Date.now());
  return last;
}
