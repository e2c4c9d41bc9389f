// The workflows and activities of the simulation: they do what a Program says.
import type { WorkflowActivityContext } from "../../../src/engine/activity-context.ts";
import { WorkflowCanceledError } from "../../../src/engine/errors.ts";
import type { Task } from "../../../src/engine/task.ts";
import type { TWorkflow, WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { Code } from "../instance/support.ts";
import type { World } from "../instance/world.ts";
import type { Leaf, Program, Step } from "./plan.ts";
import { isFailure, type Run, strandsOf } from "./strands.ts";

/** What a program is given, and what each execution hands to the next. */
export interface State {
  readonly program: Program;
  readonly round: number;
  readonly results: readonly unknown[];
  readonly updates: readonly string[];
  /** What the strands of the rounds before have told. */
  readonly told?: readonly Told[];
  /** That has called it. */
  readonly strand?: string | undefined;
}

/** What the strands of one round have told, in order; see strands.ts. */
export type Told = readonly string[];

/** What a program gives back. */
export interface Output {
  readonly results: readonly unknown[];
  readonly updates: readonly string[];
  /** Of each round. */
  readonly told?: readonly Told[];
}

const RETRY = { maxNumberOfAttempts: 3, firstRetryInterval: 1, backoffCoefficient: 2 };

export function stateOf(program: Program): State {
  return { program, round: 1, results: [], updates: [] };
}

/** Installs the code of the day; objects that are in memory keep what they have. */
export function deploy(world: World, code: "old" | "new"): void {
  world.workflow("program", programOf(code));
  world.workflow("asked", asked);
  const versions = code === "old" ? ["1"] : ["1", "2"];
  world.versions = versions.map((version) => ({
    name: "versioned",
    version,
    code: versioned,
    latest: version === versions.at(-1),
  }));
}

/** `repairedAtMs`: of the world's time; until then, what is to be repaired fails. */
export function registerActivities(world: World, repairedAtMs = 0): void {
  world.activity("repaired", (_ctx: WorkflowActivityContext, { value }: { value: unknown }) => {
    if (world.nowMs < repairedAtMs) throw new Error("to be repaired");
    return value;
  });
  world.activity("echo", (_ctx: WorkflowActivityContext, value: unknown) => value);
  world.activity(
    "work",
    async (ctx: WorkflowActivityContext, { value, ms, fails }: { value: unknown; ms: number; fails: number }) => {
      ctx.heartbeat(ctx.getAttemptNumber());
      if (ms > 0) await world.sleep(ms);
      if (ctx.getAttemptNumber() <= fails) throw new Error("not yet");
      return value;
    },
  );
}

export function* versioned(ctx: WorkflowContext): Code {
  const before = ctx.getVersion();
  yield ctx.callActivity("echo", before);
  yield ctx.createTimer(0.5);
  return [before, ctx.getVersion()];
}

/** Takes so many events, and gives what was in them; one more when it is canceled. */
export function* asked(ctx: WorkflowContext, { count }: { count: number }): Code {
  const taken: unknown[] = [];
  try {
    while (taken.length < count) taken.push(yield ctx.waitForExternalEvent("asked"));
  } catch (error) {
    if (!(error instanceof WorkflowCanceledError)) throw error;
    yield ctx.callActivity("echo", "tidied");
    taken.push("canceled");
  }
  return taken;
}

export function programOf(code: "old" | "new"): TWorkflow {
  return function* (ctx: WorkflowContext, state: State): Code {
    const { program, round } = state;
    const results = [...state.results];
    const updates = [...state.updates];
    const told: string[] = [];
    const toldSoFar = () =>
      told.length > 0 || state.told !== undefined ? { told: [...(state.told ?? []), told] } : {};
    ctx.setUpdateHandler("note", function* (updateId: string): Code {
      updates.push(updateId);
      if (program.updatesBranch) return yield* noted(ctx, updateId);
      yield ctx.callActivity("echo", updateId);
      return updateId;
    });
    const isStrict = program.isStrict === true;
    const run: Run = {
      ...{ ctx, code, isStrict, updates, told, out: new Set(), perform, call },
      renew: () => {
        if (round === program.rounds) return false;
        const next = { program, round: round + 1, results: [...results, "renewed"], updates, ...toldSoFar() };
        ctx.continueAsNew(next, true);
        return true;
      },
    };
    try {
      for (const step of program.steps) {
        try {
          results.push(yield* perform(run, step));
        } catch (error) {
          if (isStrict || !isFailure(error)) throw error;
          results.push("failed");
        }
      }
    } catch (error) {
      // What the strands have told by then is there to be seen.
      if (error instanceof WorkflowCanceledError)
        yield ctx.callActivity("echo", told.length > 0 ? { tidied: [...told] } : "tidied");
      throw error;
    }
    if (round < program.rounds)
      return ctx.continueAsNew({ program, round: round + 1, results, updates, ...toldSoFar() }, true);
    if (program.fails) throw new Error("as planned");
    return { results, updates, ...toldSoFar() };
  };
}

/** An update with branches of its own: the slower one is called off. */
function* noted(ctx: WorkflowContext, updateId: string): Code {
  const echo = function* (value: string): Code {
    return yield* ctx.callActivity("echo", value);
  };
  const slow = ctx.branch(
    (function* (): Code {
      yield ctx.createTimer(600);
    })(),
    "slow",
  );
  const [first] = yield* ctx.whenAll([echo(updateId), echo("again")]);
  slow.cancel();
  return first;
}

function* perform(run: Run, step: Step): Code {
  const { ctx, code, updates, strand } = run;
  const beganAtMs = ctx.getCurrentUtcDateTime().getTime();
  const result = (leaf: Leaf, value: unknown) =>
    leaf.do === "timer" ? ctx.getCurrentUtcDateTime().getTime() - beganAtMs >= leaf.ms : value;
  switch (step.do) {
    case "all": {
      const values: unknown[] = yield ctx.whenAll(step.of.map((leaf) => call(run, leaf)));
      return step.of.map((leaf, n) => result(leaf, values[n]));
    }
    case "any": {
      const tasks = step.of.map((leaf) => call(run, leaf));
      const first: Task = yield ctx.whenAny(tasks);
      const n = tasks.indexOf(first);
      return [n, result(step.of[n] as Leaf, first.getResult())];
    }
    case "self": {
      // Strands send at the same time: each to itself.
      const name = strand === undefined ? "self" : `self ${strand}`;
      ctx.sendEvent(ctx.getWorkflowInstanceId(), name, { value: step.value, strand });
      return (yield ctx.waitForExternalEvent(name)).value;
    }
    case "detach":
      return ctx.scheduleNewWorkflow("program", { ...stateOf(step.program), strand });
    case "patch":
      if (code === "new" && ctx.isPatched("new code"))
        return yield ctx.callActivity("work", { value: "new", ms: 0, fails: 0, strand });
      yield ctx.createTimer(0.01);
      return "old";
    case "attributes":
      ctx.setSearchAttributes(step.set);
      return "set";
    case "asks": {
      const { values, pauseMs, cancels, id } = step;
      const count = values.length + (cancels ? 1 : 0);
      const child = ctx.callChildWorkflow("asked", { count, strand }, id);
      for (const [n, value] of values.entries()) {
        if (n === 1 && pauseMs > 0) yield ctx.createTimer(pauseMs / 1_000);
        child.sendEvent("asked", value);
      }
      if (cancels) child.cancel("as planned");
      return yield child;
    }
    case "updates":
      yield ctx.waitForCondition(() => updates.length >= step.count);
      return "updated";
    case "strands":
      return yield* strandsOf(run, step);
    case "after":
      throw new Error("Only a strand waits for another one");
    default:
      return result(step, yield call(run, step));
  }
}

/** What a strand calls says which one it is. */
function call({ ctx, strand }: Run, leaf: Leaf): Task {
  switch (leaf.do) {
    case "activity": {
      const { value, ms, fails } = leaf;
      return ctx.callActivity("work", { value, ms, fails, strand }, fails > 0 ? { retry: RETRY } : {});
    }
    case "timer":
      return ctx.createTimer(leaf.ms / 1_000);
    case "event":
      return ctx.waitForExternalEvent(leaf.name);
    case "child":
      return ctx.callChildWorkflow("program", { ...stateOf(leaf.program), strand }, leaf.id);
    case "versioned":
      return ctx.callChildWorkflow("versioned", { strand });
    case "repaired":
      return ctx.callActivity("repaired", { value: leaf.value, strand });
  }
}
