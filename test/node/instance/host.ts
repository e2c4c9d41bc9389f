// One object: what the platform keeps of it through a crash, and its stay in memory.
import type { Instance } from "../../../src/instance/instance.ts";
import type { HistoryEvent } from "../../../src/model/history-event.ts";
import { readHistory } from "../../../src/storage/history-table.ts";
import type { TextCodec } from "../../../src/storage/vault.ts";
import { MemorySockets } from "../../../src/testing/memory-sockets.ts";
import { MemoryDatabase } from "./database.ts";

/** What a caller sees when the object is lost before it has answered. */
export class ObjectLostError extends Error {
  override readonly name = "ObjectLostError";
}

/** What an object holds in memory: an instance, or a shard of the catalog. */
export interface Resident {
  alarm(ring: { readonly retryCount: number; readonly scheduledTime: number }): Promise<void>;
}

/** One stay of an object in memory. */
export interface Life<R extends Resident = Instance> {
  dead: boolean;
  readonly opened: Promise<R>;
  /** Those who wait for an answer of this life. */
  readonly callers: Set<(error: Error) => void>;
}

/** What is made for a life asks this before it does anything: of one that is over nothing comes any more. */
export type Fate = Pick<Readonly<Life>, "dead">;

type Open<R extends Resident> = (fate: Fate, isRinging: boolean) => Promise<R>;

interface StoredAlarm {
  readonly atMs: number;
  readonly ringsAtMs: number;
}

/** One object: what survives a crash, and the life that it has just now. */
export class Host<R extends Resident = Instance> {
  readonly id: string;
  /** Makes what it holds in memory for a life. */
  readonly open: Open<R>;
  readonly #codec: () => TextCodec;
  readonly db = new MemoryDatabase();
  /** What watchers do is told the life that there is then. */
  readonly sockets = new MemorySockets({
    message: (socket, text) => this.onWatcher?.((instance) => instance.passedOn(socket, Number(text))),
    closed: () => this.onWatcher?.((instance) => instance.watcherLeft()),
    whenWritten: (send) => void this.gated.push(send),
  });
  onWatcher: ((tell: (instance: Instance) => void) => void) | undefined;
  readonly counters = { setAlarm: 0, deleteAlarm: 0, commits: 0, rings: 0, lives: 0 };
  /** A fault of the storage: throws in place of the statement. */
  failWrite: ((statement: string) => void) | undefined;
  /** The same when something is read. */
  failRead: ((statement: string) => void) | undefined;
  life: Life<R> | undefined;
  alarm: StoredAlarm | null = null;
  durableAlarm: StoredAlarm | null = null;
  ringing: StoredAlarm | undefined;
  /** The handler that runs clears its alarm when it succeeds, unless another has been set. */
  clearsAlarm = false;
  retries = 0;
  notBeforeMs = 0;
  isDirty = false;
  gated: (() => void)[] = [];
  /** The platform has dropped its alarm: somebody has to ask. */
  hasLostAlarm = false;
  /** How much the clock of the machine that the object is on is fast. */
  skewMs = 0;

  constructor(id: string, codec: () => TextCodec, opener: (host: Host<R>) => Open<R>) {
    this.id = id;
    this.open = opener(this);
    this.#codec = codec;
  }

  rows(table: string): number {
    return this.db.counters.rows.get(table) ?? 0;
  }

  /** The history that the database holds, of whatever schema version. */
  history(): HistoryEvent[] {
    return readHistory(this.db.port(), this.db.hasTable("history") ? "history" : "instance", this.#codec());
  }

  // Its alarm.

  get armedAtMs(): number | null {
    return this.clearsAlarm ? null : (this.alarm?.atMs ?? null);
  }

  nextRingMs(): number {
    // One that has been changed, or has done its duty, rings only if that is lost in a crash.
    const isChanged = this.alarm !== this.durableAlarm;
    if (this.durableAlarm === null || isChanged || this.ringing !== undefined) return Number.POSITIVE_INFINITY;
    return Math.max(this.durableAlarm.ringsAtMs, this.notBeforeMs);
  }

  setAlarm(alarm: StoredAlarm): void {
    this.counters.setAlarm++;
    this.clearsAlarm = false;
    this.hasLostAlarm = false;
    this.alarm = alarm;
    this.isDirty = true;
  }

  deleteAlarm(): void {
    this.counters.deleteAlarm++;
    if (this.clearsAlarm) return;
    this.alarm = null;
    this.isDirty = true;
  }

  beginRing(): void {
    this.ringing = this.durableAlarm ?? undefined;
    this.clearsAlarm = true;
    this.counters.rings++;
  }

  /** Its handler has succeeded. `ringsAgain`: the alarm stays as it is, and rings once more. */
  endRing(ringsAgain: () => boolean): void {
    this.ringing = undefined;
    if (!this.clearsAlarm) return;
    this.clearsAlarm = false;
    if (ringsAgain()) return;
    this.alarm = null;
    this.isDirty = true;
  }

  // What it writes, and what waits for that.

  get hasWritten(): boolean {
    return this.isDirty || this.db.hasUncommitted;
  }

  get hasToCommit(): boolean {
    return this.hasWritten || this.gated.length > 0;
  }

  commit(): void {
    this.db.commit();
    this.counters.commits++;
    if (this.durableAlarm !== this.alarm) {
      this.durableAlarm = this.alarm;
      this.retries = 0;
      this.notBeforeMs = 0;
    }
    this.isDirty = false;
  }

  openGates(): void {
    const gated = this.gated;
    this.gated = [];
    for (const release of gated) release();
  }

  wipe(): void {
    this.db.dropAll();
    this.clearsAlarm = false;
    this.alarm = null;
  }

  /** It loses all that is not durable, and its life. A handler that ran is retried: after a reset, with a pause. */
  lose(kind: "reset" | "process", nowMs: number): void {
    this.db.rollback();
    this.isDirty = false;
    this.gated = [];
    this.alarm = this.durableAlarm;
    this.clearsAlarm = false;
    if (this.ringing !== undefined && this.durableAlarm === this.ringing) {
      this.retries = kind === "process" ? 0 : this.retries + 1;
      this.notBeforeMs = kind === "process" ? nowMs : nowMs + 1_000 * 2 ** this.retries;
      if (this.retries > 6) {
        this.alarm = this.durableAlarm = null;
        this.hasLostAlarm = true;
      }
    }
    this.ringing = undefined;
    this.sockets.lose();
    const life = this.life;
    this.life = undefined;
    if (life === undefined) return;
    life.dead = true;
    for (const lost of life.callers) lost(new ObjectLostError(`'${this.id}' was lost before it answered`));
  }
}
