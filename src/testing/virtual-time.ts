import type { Work } from "./activity-runs.ts";
import { Baseline, type Nap, nap, nextTurn, resourcesNow } from "./event-loop.ts";
import type { VirtualClock } from "./virtual-clock.ts";

const NEVER = Number.POSITIVE_INFINITY;
/** So many turns of the event loop in which nothing happens are given to what is at work before real time is. */
const WORK_TURNS = 10;

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
  /** Lets happen what is due at the time that `nextAtMs` gave last. */
  runDue(): void;
  /** What is at work in real time, or seems to be. */
  work(): readonly Work[];
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
 *   at work  activities, and turns that code holds up, get the real time that they may need; then they count as waiting
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
  /** What was under way in the process when the environment was made. */
  readonly #atBirth = new Baseline();
  #patienceMs = 0;

  constructor(world: World, graceMs: number) {
    this.#world = world;
    this.#graceMs = graceMs;
  }

  /** Something has happened, and more may come of it at once. */
  moved(): void {
    this.#moves++;
    allMoves++;
    this.#patienceMs = this.#graceMs;
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
    const { clock } = this.#world;
    let nextAtMs = this.#world.nextAtMs();
    if (nextAtMs <= clock.nowMs) {
      this.#world.runDue();
      return this.moved();
    }
    for (const wait of this.#waits) if (wait.isStalled?.()) return this.#tell(wait);
    const work = this.#world.work();
    if (work.some(({ isPassed }) => !isPassed)) {
      if (!(await this.#outwait(work))) return;
      nextAtMs = this.#world.nextAtMs();
    }
    let untilMs = NEVER;
    for (const wait of this.#waits) untilMs = Math.min(untilMs, wait.untilMs ?? NEVER);
    if (nextAtMs <= untilMs && nextAtMs !== NEVER) {
      clock.nowMs = Math.max(clock.nowMs, nextAtMs);
      this.#world.runDue();
      return this.moved();
    }
    // An activity that has something real under way ends by itself, whatever the clock says.
    const takesItsTime = () => work.some(({ isAtIo }) => isAtIo);
    if (untilMs !== NEVER && !(untilMs <= clock.nowMs && takesItsTime())) {
      clock.nowMs = Math.max(clock.nowMs, untilMs);
      for (const wait of [...this.#waits]) if ((wait.untilMs ?? NEVER) <= clock.nowMs) this.#end(wait);
      return this.moved();
    }
    if (takesItsTime() || this.#mayBeHelped(work)) return this.#sleep(10);
    const last = [...this.#waits].at(-1);
    if (last !== undefined) await this.#tell(last);
  }

  /** After one turn of the event loop, all that can go on by promises has; requests may need more. */
  async #quiet(): Promise<void> {
    do await nextTurn();
    while (this.#onTheirWay > 0);
  }

  /** Gives real time to what is at work. False when something has happened meanwhile, true when all of it counts as waiting. */
  async #outwait(work: readonly Work[]): Promise<boolean> {
    const seen = this.#moves;
    const pending = () => work.filter(({ isPassed }) => !isPassed);
    for (let turns = 0; pending().length > 0 && turns < WORK_TURNS; turns++) {
      this.#atBirth.look();
      const resources = resourcesNow();
      for (const one of pending()) one.look(resources);
      await nextTurn();
      if (this.#moves !== seen) return false;
    }
    let othersMs = this.#graceMs;
    let seenOfAll = allMoves;
    for (let ms = 1; pending().length > 0; ms = Math.min(ms + 1, 10)) {
      await this.#sleep(ms);
      if (this.#moves !== seen) return false;
      // Another environment goes on, for which this work may wait; but not for ever.
      const areOthersAtWork = seenOfAll !== allMoves && othersMs > 0;
      seenOfAll = allMoves;
      if (areOthersAtWork) othersMs -= ms;
      // A sleep counts as what was asked for: a machine that is busy takes no time from the work.
      else {
        const resources = resourcesNow();
        for (const one of pending()) one.wasSilentFor(ms, this.#graceMs, resources);
      }
    }
    return true;
  }

  /** The test may be about to settle a mock, after a real time of its own: so long as it has one, and no longer than the grace. */
  #mayBeHelped(work: readonly Work[]): boolean {
    if (work.length === 0 || this.#patienceMs <= 0 || !this.#atBirth.look()) return false;
    this.#patienceMs -= 10;
    return true;
  }

  async #sleep(ms: number): Promise<void> {
    this.#nap = nap(ms);
    await this.#nap.over;
    this.#nap = undefined;
    this.#atBirth.look();
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
