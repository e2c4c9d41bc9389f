// The workflows and activities of the simulation: they do what a Program says.
import type { WorkflowActivityContext } from "../../../src/engine/activity-context.ts";
import { TaskFailedError, WorkflowCanceledError } from "../../../src/engine/errors.ts";
import type { Task } from "../../../src/engine/task.ts";
import type { TWorkflow, WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { Code } from "../instance/support.ts";
import type { World } from "../instance/world.ts";
import type { Leaf, Program, Step } from "./plan.ts";

/** What a program is given, and what each execution hands to the next. */
export interface State {
  readonly program: Program;
  readonly round: number;
  readonly results: readonly unknown[];
  readonly updates: readonly string[];
}

/** What a program gives back. */
export interface Output {
  readonly results: readonly unknown[];
  readonly updates: readonly string[];
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
  world.activity("repaired", (_ctx: WorkflowActivityContext, value: unknown) => {
    if (world.nowMs < repairedAtMs) throw new Error("to be repaired");
    return value;
  });
  world.activity("echo", (_ctx: WorkflowActivityContext, value: unknown) => value);
  world.activity(
    "work",
    async (ctx: WorkflowActivityContext, { value, ms, fails }: { value: number; ms: number; fails: number }) => {
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
export function* asked(ctx: WorkflowContext, count: number): Code {
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
    ctx.setUpdateHandler("note", function* (updateId: string): Code {
      updates.push(updateId);
      yield ctx.callActivity("echo", updateId);
      return updateId;
    });
    try {
      for (const step of program.steps) {
        try {
          results.push(yield* perform(ctx, step, code, updates));
        } catch (error) {
          if (program.isStrict || !(error instanceof TaskFailedError)) throw error;
          results.push("failed");
        }
      }
    } catch (error) {
      if (error instanceof WorkflowCanceledError) yield ctx.callActivity("echo", "tidied");
      throw error;
    }
    if (round < program.rounds) return ctx.continueAsNew({ program, round: round + 1, results, updates }, true);
    if (program.fails) throw new Error("as planned");
    return { results, updates };
  };
}

function* perform(ctx: WorkflowContext, step: Step, code: "old" | "new", updates: readonly string[]): Code {
  const beganAtMs = ctx.getCurrentUtcDateTime().getTime();
  const result = (leaf: Leaf, value: unknown) =>
    leaf.do === "timer" ? ctx.getCurrentUtcDateTime().getTime() - beganAtMs >= leaf.ms : value;
  switch (step.do) {
    case "all": {
      const values: unknown[] = yield ctx.whenAll(step.of.map((leaf) => call(ctx, leaf)));
      return step.of.map((leaf, n) => result(leaf, values[n]));
    }
    case "any": {
      const tasks = step.of.map((leaf) => call(ctx, leaf));
      const first: Task = yield ctx.whenAny(tasks);
      const n = tasks.indexOf(first);
      return [n, result(step.of[n] as Leaf, first.getResult())];
    }
    case "self":
      ctx.sendEvent(ctx.getWorkflowInstanceId(), "self", step.value);
      return yield ctx.waitForExternalEvent("self");
    case "detach":
      return ctx.scheduleNewWorkflow("program", stateOf(step.program));
    case "patch":
      if (code === "new" && ctx.isPatched("new code")) return yield ctx.callActivity("echo", "new");
      yield ctx.createTimer(0.01);
      return "old";
    case "attributes":
      ctx.setSearchAttributes(step.set);
      return "set";
    case "asks": {
      const { values, pauseMs, cancels, id } = step;
      const child = ctx.callChildWorkflow("asked", values.length + (cancels ? 1 : 0), id);
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
    default:
      return result(step, yield call(ctx, step));
  }
}

function call(ctx: WorkflowContext, leaf: Leaf): Task {
  switch (leaf.do) {
    case "activity": {
      const { value, ms, fails } = leaf;
      return ctx.callActivity("work", { value, ms, fails }, fails > 0 ? { retry: RETRY } : {});
    }
    case "timer":
      return ctx.createTimer(leaf.ms / 1_000);
    case "event":
      return ctx.waitForExternalEvent(leaf.name);
    case "child":
      return ctx.callChildWorkflow("program", stateOf(leaf.program), leaf.id);
    case "versioned":
      return ctx.callChildWorkflow("versioned");
    case "repaired":
      return ctx.callActivity("repaired", leaf.value);
  }
}
