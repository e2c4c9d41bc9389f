// What befalls a world in a simulation, decided by the seed of its plan.

import type { Host } from "../instance/host.ts";
import type { PeerFault, Point, World } from "../instance/world.ts";
import { Random } from "../random.ts";
import type { Faults, Plan } from "./plan.ts";

/** An instance whose alarm is lost wakes when somebody asks after it. */
const SOMEBODY_ASKS_MS = 30_000;

export type FaultCounts = Record<string, number>;

/** Installs the faults of a plan in a world. After `cease` the platform behaves. */
export class Chance {
  readonly counts: FaultCounts = {};
  readonly #world: World;
  readonly #random: Random;
  readonly #faults: Faults;
  #left: number;
  readonly #tell: (line: string) => void;
  #hasCeased = false;

  /** `tell` hears of every fault. */
  constructor(world: World, plan: Plan, tell: (line: string) => void) {
    this.#tell = tell;
    this.#world = world;
    this.#random = new Random(plan.seed);
    this.#faults = plan.faults;
    this.#left = plan.faults.budget;
    const { latencyMs, alarmShiftMs, ringAgain } = plan.faults;
    world.chaos = {
      pick: (n) => this.#random.below(n),
      latencyMs: () => this.#random.between(0, latencyMs),
      alarmShiftMs: () => (this.#hasCeased ? 0 : this.#random.between(-alarmShiftMs, alarmShiftMs)),
      ringsAgain: () => this.#happens("alarm rings again", ringAgain),
    };
    world.peerFault = ({ from, to, method, argument }) => {
      tell(`${method} ${(argument as { type?: string }).type ?? ""} of ${from} arrives at ${to}`);
      // Nobody knows a suspend again: its second copy may come after the resume.
      const fault = this.callFault();
      return method === "suspend" && fault?.startsWith("twice") ? undefined : fault;
    };
  }

  cease(): void {
    this.#hasCeased = true;
    for (const host of this.#world.hosts.values()) host.skewMs = 0;
  }

  /** To be told of every point that a world comes to. */
  at(point: Point, id: string): void {
    const host = this.#world.host(id);
    host.failWrite = () => {
      if (this.#happens("statement fails", this.#faults.failWrite)) throw new Error("SQLITE_FULL: told to fail");
    };
    host.failRead = () => {
      if (this.#happens("query fails", this.#faults.failRead ?? 0)) throw new Error("SQLITE_IOERR: told to fail");
    };
    if (this.#happens("clock jumps", this.#faults.skew)) {
      host.skewMs = this.#random.between(-this.#faults.skewMs, this.#faults.skewMs);
    }
    if (point === "commit" && this.#happens("commit fails", this.#faults.failCommit)) return this.#lose(host);
    if (this.#happens("object is lost", this.#faults.crash)) return this.#lose(host);
    if (this.#happens("all objects are lost", this.#faults.crashAll)) this.#world.crashAll();
  }

  /** What befalls a call, of a client or of another object. */
  callFault(): PeerFault {
    const { unreachable, answerLost, twice, twiceLate } = this.#faults;
    if (this.#happens("call does not arrive", unreachable)) return "unreachable";
    if (this.#happens("answer is lost", answerLost)) return "answer lost";
    if (this.#happens("call arrives twice", twice)) return "twice";
    if (this.#happens("call arrives twice, late", twiceLate)) return "twice, late";
    return undefined;
  }

  /** How long a client waits before it tries again. */
  pauseMs(): number {
    return this.#random.of([0, 1, 20, 700, 2_000]);
  }

  #lose(host: Host): void {
    this.#world.crash(host.id);
    if (host.durableAlarm === null || !this.#happens("alarm is lost", this.#faults.loseAlarm)) return;
    host.alarm = host.durableAlarm = null;
    host.hasLostAlarm = true;
    void this.#askLater(host.id);
  }

  async #askLater(id: string): Promise<void> {
    for (;;) {
      await this.#world.sleep(SOMEBODY_ASKS_MS);
      try {
        return void (await this.#world.post(id, (instance) => instance.describe({ payloads: false })));
      } catch {
        // Whoever gets no answer asks again.
      }
    }
  }

  #happens(name: string, probability: number): boolean {
    if (this.#hasCeased || this.#left <= 0 || probability === 0 || !this.#random.chance(probability)) return false;
    this.#left--;
    this.#tell(`FAULT ${name}`);
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    return true;
  }
}
