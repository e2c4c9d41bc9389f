import { errorFields } from "../instance/log-text.ts";
import {
  type Announced,
  type Announcement,
  announcementProblem,
  type Departure,
  departureProblem,
} from "../model/catalog-entry.ts";
import { alarmAfterMs, chase, nextAlarmMs } from "./chasing.ts";
import { GroupCommit } from "./group-commit.ts";
import type { ShardPorts } from "./ports.ts";
import type {
  CatalogApi,
  ChangesPart,
  ChangesRequest,
  CountPart,
  CountRequest,
  PagePart,
  PageRequest,
  ShardHealth,
  ShardMetrics,
} from "./protocol.ts";
import { EVERYTHING } from "./query/condition.ts";
import type { Telling } from "./store/apply.ts";
import { SCHEMA_VERSION } from "./store/schema.ts";

/** How long an alarm pauses that could not do its work. */
export const ALARM_RETRY_MS = 60_000;
/** Counts are written at most so often. */
const COUNTS_PAUSE_MS = 10_000;

/** One shard of the catalog: what it is told goes through one group commit, what it is asked is read from the store. */
export class Shard implements CatalogApi {
  readonly #ports: ShardPorts;
  readonly #commit: GroupCommit<Telling, Announced>;
  #alarmAtMs: number | undefined;
  /** While the alarm rings: what has been told since wants it to ring again by these times. */
  #wanted: number[] | undefined;
  /** In a row: none of those that are leaving could be reached. */
  #silentAlarms = 0;
  #isSavingCounts = false;

  constructor(ports: ShardPorts) {
    this.#ports = ports;
    this.#alarmAtMs = ports.alarm.initialMs;
    this.#commit = new GroupCommit({
      write: (tellings) => this.#write(tellings),
      durable: () => ports.durable(),
    });
  }

  async announce(announcement: Announcement): Promise<Announced> {
    const problem = announcementProblem(announcement);
    if (problem !== undefined) return { ok: false, code: "INVALID", message: problem };
    return this.#commit.add({ type: "announce", announcement });
  }

  async leave(departure: Departure): Promise<Announced> {
    return this.#depart("leave", departure);
  }

  async forget(departure: Departure): Promise<Announced> {
    return this.#depart("forget", departure);
  }

  async #depart(type: "leave" | "forget", departure: Departure): Promise<Announced> {
    const problem = departureProblem(departure);
    if (problem !== undefined) return { ok: false, code: "INVALID", message: problem };
    return this.#commit.add({ type, departure });
  }

  async list(request: PageRequest): Promise<PagePart> {
    return this.#ports.store.page(request);
  }

  async count(request: CountRequest): Promise<CountPart> {
    return this.#ports.store.count(request);
  }

  async changes(request: ChangesRequest): Promise<ChangesPart> {
    return this.#ports.store.changes(request);
  }

  async health(): Promise<ShardHealth> {
    return { shard: this.#ports.name, ...this.#ports.store.health(), schemaVersion: SCHEMA_VERSION };
  }

  async metrics(): Promise<ShardMetrics> {
    const { store } = this.#ports;
    const { counts } = store.count({ filter: EVERYTHING, by: ["name", "status"] });
    const owed = { backlog: this.#commit.waiting, leaving: store.leavingCount() };
    return { ...(await this.health()), counts, series: [...store.tallies()], ...owed };
  }

  /** Never rejects; what it could not do it tries again. It is set once, at its end: until then it would ring again by itself. */
  async alarm(): Promise<void> {
    this.#wanted = [];
    const next = await this.#chase();
    const times = [...this.#wanted, ...(next === undefined ? [] : [next])];
    this.#wanted = undefined;
    this.#alarmAtMs = undefined;
    if (times.length > 0) this.#wakeBy(Math.min(...times));
  }

  async #chase(): Promise<number | undefined> {
    try {
      const left = await chase(this.#ports, (telling) => this.#commit.add(telling));
      const next = nextAlarmMs(this.#ports.now(), left, this.#ports.retention, this.#silentAlarms);
      this.#silentAlarms = left.isSilent ? this.#silentAlarms + 1 : 0;
      return next;
    } catch (error) {
      this.#fault("alarm", error);
      return this.#ports.now() + ALARM_RETRY_MS;
    }
  }

  #write(tellings: readonly Telling[]): Announced[] {
    const nowMs = this.#ports.now();
    const answers = this.#ports.store.tell(tellings, nowMs);
    const times = tellings
      .map((telling) => alarmAfterMs(telling, nowMs, this.#ports.retention))
      .filter((time) => time !== undefined);
    if (times.length > 0) this.#wakeBy(Math.min(...times));
    this.#saveCountsLater();
    return answers;
  }

  /** Setting the alarm is billed as a row: only where it would ring too late. */
  #wakeBy(atMs: number): void {
    if (this.#wanted !== undefined) return void this.#wanted.push(atMs);
    if (this.#alarmAtMs !== undefined && this.#alarmAtMs <= atMs) return;
    this.#alarmAtMs = atMs;
    this.#ports.alarm.set(atMs);
  }

  #saveCountsLater(): void {
    if (this.#isSavingCounts || !this.#ports.store.hasUnsavedCounts) return;
    this.#isSavingCounts = true;
    this.#ports.schedule(COUNTS_PAUSE_MS, () => {
      this.#isSavingCounts = false;
      try {
        this.#ports.store.saveCounts();
      } catch (error) {
        // They are marked as dirty, and so are counted anew where they are not known.
        this.#fault("catalog counts", error);
      }
    });
  }

  /** No message of a shard quotes what it was told. */
  #fault(msg: string, error: unknown): void {
    this.#ports.log({ level: "error", msg, shard: this.#ports.name, ...errorFields({}, error) });
  }
}
