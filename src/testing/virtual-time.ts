import type { ActivityRun } from "./activity-runs.ts";
import { type Nap, nap, nextTurn } from "./event-loop.ts";
import type { VirtualClock } from "./virtual-clock.ts";

const NEVER = Number.POSITIVE_INFINITY;
/** After so many turns of the event loop in which nothing happens, all that can go on by promises has. */
const QUIET_TURNS = 2;
/** The same for an activity at work, before real time is given to it. */
const ACTIVITY_TURNS = 10;

/** What has happened in all environments: an activity in one may wait for another. */
let allMoves = 0;

/** The code has come to rest, and what a test waits for can never happen. */
export class NothingWillHappenError extends Error {
  override readonly name = "NothingWillHappenError";
}

/** What can happen in an environment. */
export interface World {
  readonly clock: VirtualClock;
  /** When something falls due next; infinity: nothing will. */
  nextAtMs(): number;
  /** Lets happen what is due. False when nothing is. */
  runDue(): boolean;
  /** The activities that are at work. */
  readonly runs: readonly ActivityRun[];
}

/** Somebody for whom time passes. */
export interface Wait {
  /** It ends then at the latest. Default: never. */
  readonly untilMs?: number;
  /** That time has come. */
  late?(): void;
  /** Time brings it nothing: code would have to change. Default: false. */
  readonly isStalled?: () => boolean;
  /** What it waits for, in words, when that can never happen. */
  describe(): Promise<string>;
  readonly fail: (error: unknown) => void;
}

/**
 * Moves virtual time while somebody waits, and no further than the first of them needs. One step at a time:
 *
 *   quiet    all promises go on, requests on their way come through, what is due happens, until nothing does any more
 *   stalled  whoever waits for a stalled instance is told
 *   at work  activities get the real time that they may need; then they count as waiting
 *   move     the clock goes to what is due next, or to the end of a wait, whichever is earlier
 *   never    nothing is due: whoever has waited last is told; what comes of it may help the others
 */
export class VirtualTime {
  readonly #world: World;
  readonly #graceMs: number;
  readonly #waits = new Set<Wait>();
  #isMoving = false;
  #onTheirWay = 0;
  #nap: Nap | undefined;
  #disposed: Error | undefined;
  #moves = 0;

  constructor(world: World, graceMs: number) {
    this.#world = world;
    this.#graceMs = graceMs;
  }

  /** Something has happened, and more may come of it at once. */
  moved(): void {
    this.#moves++;
    allMoves++;
    this.#nap?.end();
  }

  /** Time passes for this one until it is removed. */
  add(wait: Wait): void {
    if (this.#disposed !== undefined) return wait.fail(this.#disposed);
    this.#waits.add(wait);
    this.moved();
    if (!this.#isMoving) void this.#move();
  }

  remove(wait: Wait): void {
    if (this.#waits.delete(wait)) this.moved();
  }

  /** Time stands still from here on, until what is returned is called: a request is on its way. */
  hold(): () => void {
    this.#onTheirWay++;
    this.moved();
    return () => {
      this.#onTheirWay--;
      this.moved();
    };
  }

  /** Nobody waits any more, nor ever will. */
  dispose(error: Error): void {
    this.#disposed = error;
    for (const wait of [...this.#waits]) this.#fail(wait, error);
    this.#nap?.end();
  }

  /** Never rejects. */
  async #move(): Promise<void> {
    this.#isMoving = true;
    while (this.#waits.size > 0) {
      try {
        await this.#step();
      } catch (error) {
        for (const wait of [...this.#waits]) this.#fail(wait, error);
      }
    }
    this.#isMoving = false;
  }

  async #step(): Promise<void> {
    await this.#quiet();
    if (this.#waits.size === 0) return;
    if (this.#world.runDue()) return this.moved();
    const stalled = [...this.#waits].find((wait) => wait.isStalled?.());
    if (stalled !== undefined) return this.#tell(stalled);
    if (!(await this.#outwait())) return;
    const { clock } = this.#world;
    const nextAtMs = this.#world.nextAtMs();
    const untilMs = Math.min(...[...this.#waits].map((wait) => wait.untilMs ?? NEVER));
    if (nextAtMs <= untilMs && nextAtMs !== NEVER) {
      clock.nowMs = Math.max(clock.nowMs, nextAtMs);
      this.#world.runDue();
      return this.moved();
    }
    // An activity that has something real under way ends by itself, whatever the clock says.
    const takesItsTime = () => this.#world.runs.some((run) => run.isAtIo);
    if (untilMs !== NEVER && !(untilMs <= clock.nowMs && takesItsTime())) {
      clock.nowMs = Math.max(clock.nowMs, untilMs);
      for (const wait of [...this.#waits]) if ((wait.untilMs ?? NEVER) <= clock.nowMs) this.#end(wait);
      return this.moved();
    }
    if (takesItsTime()) return this.#sleep(10);
    const last = [...this.#waits].at(-1);
    if (last !== undefined) await this.#tell(last);
  }

  async #quiet(): Promise<void> {
    let seen = this.#moves;
    for (let turns = 0; turns < QUIET_TURNS; turns++) {
      await nextTurn();
      if (seen !== this.#moves || this.#onTheirWay > 0) turns = -1;
      seen = this.#moves;
    }
  }

  /** Gives real time to activities at work. False when something has happened meanwhile, true when all count as waiting. */
  async #outwait(): Promise<boolean> {
    const seen = allMoves;
    const pending = () => this.#world.runs.filter((run) => !run.isPassed);
    for (let turns = 0; pending().length > 0 && turns < ACTIVITY_TURNS; turns++) {
      for (const run of pending()) run.look();
      await nextTurn();
      if (allMoves !== seen) return false;
    }
    for (let ms = 1; pending().length > 0; ms = Math.min(ms + 1, 10)) {
      await this.#sleep(ms);
      if (allMoves !== seen) return false;
      // A sleep counts as what was asked for: a machine that is busy takes no time from the activity.
      for (const run of pending()) run.wasSilentFor(ms, this.#graceMs);
    }
    return true;
  }

  async #sleep(ms: number): Promise<void> {
    this.#nap = nap(ms);
    await this.#nap.over;
    this.#nap = undefined;
  }

  #end(wait: Wait): void {
    this.#waits.delete(wait);
    wait.late?.();
  }

  async #tell(wait: Wait): Promise<void> {
    const { nowMs } = this.#world.clock;
    const seen = this.#moves;
    const text = await wait.describe();
    // Something may have come meanwhile.
    if (seen === this.#moves && nowMs === this.#world.clock.nowMs) this.#fail(wait, new NothingWillHappenError(text));
  }

  #fail(wait: Wait, error: unknown): void {
    this.#waits.delete(wait);
    wait.fail(error);
    this.moved();
  }
}
