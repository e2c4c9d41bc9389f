/** Limits in a simulation: what is limited, what befalls the limiters, and what has to hold of what they have given away. */
import type { WorkflowActivityContext } from "../../../src/engine/activity-context.ts";
import { LEASE_MS } from "../../../src/model/lease.ts";
import type { Rate } from "../../../src/model/limit.ts";
import { isTerminal, type RuntimeStatus } from "../../../src/model/status.ts";
import { LimiterWorld } from "../instance/limiter-world.ts";
import type { PeerFault, Point, World } from "../instance/world.ts";
import { Random } from "../random.ts";
import type { FaultCounts } from "./chance.ts";
import type { State } from "./program.ts";

/** So many at once, of all keys and of each; so many may begin in a time. */
interface LimitPlan {
  readonly concurrency: number;
  readonly concurrencyPerKey?: number;
  readonly rate?: Rate;
}

/** What is limited, and what befalls the limiters and what is said to them and by them: it has a budget of its own. */
export interface LimitsPlan {
  /** Of the activity `work`, by a key of its input. */
  readonly work?: LimitPlan;
  /** Of the workflow `program`, by a key of its input. */
  readonly program?: LimitPlan;
  /** Objects that begin a life after this time have code with twice as much room. */
  readonly grownAtMs?: number;
  readonly budget: number;
  readonly crash: number;
  readonly failWrite: number;
  readonly failRead: number;
  readonly failCommit: number;
  readonly unreachable: number;
  readonly answerLost: number;
  readonly twice: number;
  readonly twiceLate: number;
}

const KINDS = { work: "activity", program: "workflow" } as const;
const TARGETS = ["work", "program"] as const;
type Target = (typeof TARGETS)[number];

const keyOf: Readonly<Record<Target, (input: unknown) => unknown>> = {
  work: (input) => (input as { value: number }).value % 3,
  program: (input) => (input as State).program.steps.length % 2,
};

export function limitsFrom(random: Random): LimitsPlan | undefined {
  if (!random.chance(0.1)) return undefined;
  const rate = (most: number) => (random.chance(0.5) ? 0 : random.next() * most);
  const limit = (): LimitPlan => ({
    concurrency: random.between(1, 3),
    ...(random.chance(0.4) && { concurrencyPerKey: 1 }),
    ...(random.chance(0.2) && { rate: { count: random.between(1, 3), perMs: random.of([1_000, 10_000]) } }),
  });
  const which = random.of([["work"], ["work"], ["program"], ["work", "program"]] as const);
  return {
    ...Object.fromEntries(which.map((target) => [target, limit()])),
    ...(random.chance(0.2) && { grownAtMs: random.below(8_000) }),
    budget: random.between(0, 12),
    crash: rate(0.25),
    failWrite: rate(0.1),
    failRead: rate(0.1),
    failCommit: rate(0.1),
    unreachable: rate(0.2),
    answerLost: rate(0.2),
    twice: rate(0.3),
    twiceLate: rate(0.3),
  };
}

/** Installs the limits of a plan in a world, and their faults. After `cease` the platform behaves. */
export class LimitsChance {
  readonly violations: string[] = [];
  readonly #world: World;
  readonly #limiters: LimiterWorld;
  readonly #plan: LimitsPlan;
  readonly #random: Random;
  readonly #counts: FaultCounts;
  readonly #tell: (line: string) => void;
  #left: number;
  #hasCeased = false;
  #room = 1;

  constructor(world: World, plan: LimitsPlan, seed: number, counts: FaultCounts, tell: (line: string) => void) {
    this.#world = world;
    this.#plan = plan;
    this.#random = new Random(seed ^ 0x011317ed);
    this.#counts = counts;
    this.#tell = tell;
    this.#left = plan.budget;
    this.#limiters = new LimiterWorld(world);
    this.#limiters.fault = ({ from, to, method }) => {
      tell(`${method} of ${from} arrives at ${to}`);
      return this.#callFault();
    };
    world.limiters = this.#limiters;
    this.#declare();
    this.#watchWork();
  }

  /** From here on objects that begin a life have code with more room; limiters are lost when that is deployed. */
  grow(): void {
    this.#room = 2;
    this.#declare();
    for (const name of this.#limiters.hosts.keys()) this.#limiters.lose(name);
  }

  cease(): void {
    this.#hasCeased = true;
    for (const host of this.#limiters.hosts.values()) host.skewMs = 0;
  }

  /** Whether this is a limiter; what befalls one at its commits, and whether it has given away more than it has. */
  at(point: Point, id: string): boolean {
    const host = this.#limiters.hosts.get(id);
    if (host === undefined) return false;
    host.failWrite = () => {
      if (this.#happens("statement of a limiter fails", this.#plan.failWrite)) throw new Error("SQLITE_FULL: told to");
    };
    host.failRead = () => {
      if (this.#happens("query of a limiter fails", this.#plan.failRead)) throw new Error("SQLITE_IOERR: told to");
    };
    if (point === "committed") this.#checkRoom(id as Target);
    if (point !== "commit") return true;
    if (
      this.#happens("commit of a limiter fails", this.#plan.failCommit) ||
      this.#happens("limiter is lost", this.#plan.crash)
    )
      this.#limiters.lose(id);
    return true;
  }

  /** Once nothing happens any more: nobody waits, and nothing is held by one that has ended or is gone. */
  async faults(): Promise<string[]> {
    // What is not given back by one that was lost is over by then.
    await this.#world.advance(2 * LEASE_MS);
    return [...this.#limiters.hosts.keys()].flatMap((name) => {
      const { held, waiting } = this.#limiters.state(name);
      const gone = held.filter((id) => this.#isGone(id)).map((id) => `${id}, which is gone, holds a lease of ${name}`);
      return [...gone, ...waiting.map((id) => `${id} waits for ${name} for ever`)];
    });
  }

  #isGone(id: string): boolean {
    const statement = "SELECT type FROM instance WHERE seq = -1";
    const [row] = this.#world.hosts.get(id)?.db.read<{ type: RuntimeStatus }>(statement) ?? [];
    return row === undefined || isTerminal(row.type);
  }

  #declare(): void {
    for (const target of TARGETS) {
      const plan = this.#plan[target];
      if (plan === undefined) continue;
      const concurrency = plan.concurrency * this.#room;
      this.#limiters.declare({ ...plan, name: target, kind: KINDS[target], target, key: keyOf[target], concurrency });
    }
  }

  #checkRoom(name: Target): void {
    const plan = this.#plan[name];
    const { db } = this.#limiters.host(name);
    if (plan === undefined || !db.hasTable("lease")) return;
    const held = db.read<{ key: string }>("SELECT key FROM lease WHERE until IS NOT NULL").map(({ key }) => key);
    const most = plan.concurrency * this.#room;
    if (held.length > most) this.violations.push(`${name}: ${held.length} are held, and ${most} may be`);
    const { concurrencyPerKey = held.length } = plan;
    for (const key of new Set(held))
      if (held.filter((other) => other === key).length > concurrencyPerKey)
        this.violations.push(`${name}: more than ${concurrencyPerKey} are held of the key ${key}`);
  }

  /** Nothing limited begins that holds no lease. */
  #watchWork(): void {
    const code = this.#world.activities.get("work");
    if (this.#plan.work === undefined || code === undefined) return;
    this.#world.activity("work", (ctx: WorkflowActivityContext, input: unknown) => {
      const id = ctx.getWorkflowInstanceId();
      if (!this.#limiters.state("work").held.includes(id))
        this.violations.push(`${id}: work has begun and holds no lease`);
      return code(ctx, input);
    });
  }

  #callFault(): PeerFault {
    const { unreachable, answerLost, twice, twiceLate } = this.#plan;
    if (this.#happens("call of a limiter does not arrive", unreachable)) return "unreachable";
    if (this.#happens("answer of a limiter is lost", answerLost)) return "answer lost";
    if (this.#happens("call of a limiter arrives twice", twice)) return "twice";
    if (this.#happens("call of a limiter arrives twice, late", twiceLate)) return "twice, late";
    return undefined;
  }

  #happens(name: string, probability: number): boolean {
    if (this.#hasCeased || this.#left <= 0 || probability === 0 || !this.#random.chance(probability)) return false;
    this.#left--;
    this.#tell(`FAULT ${name}`);
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
    return true;
  }
}
