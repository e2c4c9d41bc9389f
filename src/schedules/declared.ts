import { errorFields } from "../instance/log-text.ts";
import type { Placement } from "../instance/namespace.ts";
import type { LogLine } from "../model/log.ts";
import { boundSchedules } from "./binding.ts";
import { type Declaration, type Deployment, hashOf } from "./deployments.ts";
import { timetableOf } from "./timetable.ts";

/** What a program declares: more may be declared until its first request. */
export interface Declaring {
  readonly schedules: ReadonlyMap<string, Declaration>;
}

/** The schedules that code declares, and the word of them to the index. With none, nothing is asked. */
export class DeclaredSchedules {
  readonly #program: Declaring;
  readonly #placement: Placement;
  readonly #log: (line: LogLine) => void;
  #deployment: Deployment | undefined;
  #count = -1;

  /** Throws for what can be no schedule. */
  constructor(program: Declaring, placement: Placement, log: (line: LogLine) => void) {
    this.#program = program;
    this.#placement = placement;
    this.#log = log;
    checkDeclared(program);
  }

  /** What the code of this Worker declares. */
  readonly deployment = (env: object): Deployment => {
    const { schedules } = this.#program;
    if (this.#deployment !== undefined && this.#count === schedules.size) return this.#deployment;
    checkDeclared(this.#program);
    const declarations = [...schedules.values()];
    this.#count = schedules.size;
    this.#deployment = { hash: hashOf(declarations), madeMs: madeMs(env), declarations };
    return this.#deployment;
  };

  /** At the first request of an isolate, beside it: nobody waits for that. */
  tell(env: object, ctx: { waitUntil(promise: Promise<unknown>): void } | undefined): void {
    if (this.#program.schedules.size === 0) return;
    const telling = this.#tell(env).catch((error) =>
      this.#log({ level: "error", msg: "schedules are not as declared", ...errorFields({}, error) }),
    );
    ctx?.waitUntil(telling);
  }

  async #tell(env: object): Promise<void> {
    const bound = boundSchedules(env, this.#placement);
    if (bound === undefined)
      throw new Error("The code declares schedules, and the binding WORKFLOW_SCHEDULE is missing");
    await bound.index().reconcile(this.deployment(env));
  }
}

/** Throws for what can be no schedule. */
export function checkDeclared({ schedules }: Declaring): void {
  for (const { id, fields } of schedules.values()) {
    const read = timetableOf(fields);
    if ("problem" in read) throw new TypeError(`schedule '${id}': ${read.problem}`);
  }
}

function madeMs(env: object): number | undefined {
  const metadata: unknown = Reflect.get(env, "CF_VERSION_METADATA");
  if (typeof metadata !== "object" || metadata === null) return undefined;
  const ms = Date.parse(String(Reflect.get(metadata, "timestamp")));
  return Number.isNaN(ms) ? undefined : ms;
}
