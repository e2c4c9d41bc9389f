// An object on its own, with a database that outlasts its stays in memory, and of which what is awaited can be held.
import { Registry } from "../../../../src/engine/registry.ts";
import type { TWorkflow } from "../../../../src/engine/workflow-context.ts";
import { Lives } from "../../../../src/instance/life/index.ts";
import { defaultLimits, type InstanceLimits } from "../../../../src/instance/limits.ts";
import type { InstancePorts } from "../../../../src/instance/ports.ts";
import { InstanceStore } from "../../../../src/storage/instance-store.ts";
import { Vault } from "../../../../src/storage/vault.ts";
import { MemoryDatabase } from "../database.ts";
import { gate, toyCipher } from "../support.ts";
import { portsAlone, RECORD } from "./alone.ts";

export const PENDING = { ...RECORD, status: "PENDING" } as const;
export const STARTED = {
  timestampMs: 0,
  type: "ExecutionStarted",
  name: "main",
  executionId: "e1",
  generation: 0,
  input: '"in"',
} as const;
export type Held = "open" | "seal" | "sync" | "delay" | "code";

export const settled = async () => {
  for (let n = 0; n < 5; n++) await new Promise((resolve) => setImmediate(resolve));
};

/** One object's database, with the workflow `main`; each stay in memory is another one. */
export class HeldObject {
  readonly #db = new MemoryDatabase();
  readonly #registry = new Registry();
  readonly #limits: InstanceLimits;
  readonly #isEncrypted: boolean;
  /** All that is done with the world outside, but asking for the time. */
  effects: string[] = [];
  timers: (() => void)[] = [];
  /** The alarm that it finds when it is opened. */
  armedAtMs: number | null = null;
  /** Statements that the storage does not take. */
  fails: RegExp | undefined;
  #held: Held | undefined;
  #hold = gate();
  #isReached = false;
  #fault: Error | undefined;

  constructor(code: TWorkflow, isEncrypted: boolean, limits: Partial<InstanceLimits> = {}) {
    this.#registry.addWorkflow("main", (ctx, input) => {
      this.effects.push("code");
      return code(ctx, input);
    });
    this.#registry.addActivity("act", () => {
      this.effects.push("activity");
      return new Promise(() => undefined);
    });
    this.#isEncrypted = isEncrypted;
    this.#limits = { ...defaultLimits, ...limits };
  }

  /** The next thing of this kind that is awaited takes until `release`. */
  hold(held: Held): void {
    this.#held = held;
    this.#hold = gate();
    this.#isReached = false;
  }

  /** Whether it has come to that. */
  get isReached(): boolean {
    return this.#isReached;
  }

  async release(error?: Error): Promise<void> {
    this.#fault = error;
    this.#hold.open();
    await settled();
  }

  async passes(what: Held): Promise<void> {
    if (this.#held !== what) return;
    this.#held = undefined;
    this.#isReached = true;
    await this.#hold.promise;
    if (this.#fault !== undefined) throw this.#fault;
  }

  async lives(isRinging = false): Promise<Lives> {
    const lives = new Lives(this.#ports());
    await lives.open(isRinging);
    return lives;
  }

  #ports(): InstancePorts {
    const done = (effect: string) => void this.effects.push(effect);
    const cipher = toyCipher("k")();
    const vault = new Vault({
      seal: async (text) => {
        await this.passes("seal");
        return cipher.seal(text);
      },
      open: async (text) => {
        await this.passes("open");
        return cipher.open(text);
      },
    });
    const encrypted = this.#isEncrypted ? vault : undefined;
    const written = (statement: string) => {
      done(statement);
      if (this.fails?.test(statement)) throw new Error("disk");
    };
    return portsAlone({
      store: new InstanceStore(this.#db.port(written, undefined, done), encrypted),
      vault: encrypted,
      registry: this.#registry,
      limits: this.#limits,
      clock: {
        now: () => 1_000,
        delay: async (ms) => {
          done(`delay ${ms}`);
          await this.passes("delay");
        },
        schedule: (ms, callback) => {
          done(`schedule ${ms}`);
          this.timers.push(callback);
          return () => void this.timers.splice(this.timers.indexOf(callback), 1);
        },
      },
      alarm: {
        get: async () => this.armedAtMs,
        set: (atMs) => done(`alarm at ${atMs}`),
        clear: () => done("no alarm"),
      },
      sync: async () => {
        done("sync");
        await this.passes("sync");
      },
      abort: () => done("abort"),
      log: ({ msg }) => done(`log ${msg}`),
    });
  }
}

export interface Stay {
  readonly object: HeldObject;
  readonly lives: Lives;
}

/** Begun, and then read by another stay in memory. */
export async function reopened(code: TWorkflow, isEncrypted: boolean, limits?: Partial<InstanceLimits>): Promise<Stay> {
  const object = new HeldObject(code, isEncrypted, limits);
  const before = await object.lives();
  const { store, vault } = before.household.ports;
  const begin = () => before.begin(PENDING, [STARTED], undefined);
  await (vault === undefined ? begin() : vault.writing([STARTED.input], begin));
  await settled();
  store.flush();
  return { object, lives: await object.lives() };
}
