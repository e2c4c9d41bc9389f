// The strands of a program while they run: generators that are branches. What each does it tells, in order, for the model to judge.

import { TaskCanceledError, TaskFailedError, WorkflowCanceledError } from "../../../src/engine/errors.ts";
import type { Task } from "../../../src/engine/task.ts";
import type { WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { Code } from "../instance/support.ts";
import type { Leaf, Step, Strand } from "./plan.ts";

/** One run of a program's code, and of the strand that is at work in it. */
export interface Run {
  readonly ctx: WorkflowContext;
  readonly code: "old" | "new";
  readonly isStrict: boolean;
  readonly updates: readonly string[];
  /** The strand whose code this is; `undefined`: the workflow's own. */
  readonly strand?: string;
  /** What strands have done, in order. */
  readonly told: string[];
  /** Strands that are on their way out, or gone. */
  readonly out: Set<string>;
  /** Carries out one step, and makes one call. */
  perform(run: Run, step: Step): Code;
  call(run: Run, leaf: Leaf): Task;
  /** Ends the round where a strand has come to its end; false in the last one. */
  renew(): boolean;
}

type Strands = Extract<Step, { do: "strands" }>;

/** What a strand gives back. */
export interface StrandResult {
  readonly strand: string;
  readonly results: readonly unknown[];
}

/** A strand has failed as it was to. */
export class StrandError extends Error {
  override readonly name = "StrandError";
}

export function isFailure(error: unknown): boolean {
  return error instanceof TaskFailedError || error instanceof StrandError;
}

/** Runs the strands of a step, and joins them as it says. */
export function* strandsOf(run: Run, step: Strands): Code {
  const { ctx, told } = run;
  const siblings = new Set(step.of.map(({ id }) => id));
  const made = step.of.map((strand) =>
    strand.isAsync ? asyncStrand(run, strand, siblings) : syncStrand(run, strand, siblings),
  );
  const branch = (n: number) => {
    const { id, isNamed } = step.of[n] as Strand;
    return isNamed ? ctx.branch(made[n] as Code, id) : ctx.branch(made[n] as Code);
  };
  const besides = (step.with ?? []).map((leaf) => run.call(run, leaf));
  if (step.join === "all" || step.join === "any") {
    const parts = [...made.map((generator, n) => (step.of[n]?.isNamed ? branch(n) : generator)), ...besides];
    if (step.join === "all") return yield* joined(run, step, ctx.whenAll(parts));
    const winner: Task = yield* joined(run, step, ctx.whenAny(parts));
    return [besides.indexOf(winner), endOfFirst(run, winner)];
  }
  const handles = made.map((_, n) => branch(n));
  if (step.join === "lose") yield* joined(run, step, ctx.whenAny([...handles, ...besides]));
  else yield ctx.whenAll(besides);
  if (step.join === "leave") return [];
  const all: unknown[] = [];
  for (const [n, handle] of handles.entries()) {
    if (n > 0 && step.join === "call off" && handle.cancel()) told.push(`off ${step.of[n]?.id}`);
    all.push(yield* outcomeOf(run, handle));
  }
  return all;
}

/** Waits for them. From here on those that have not ended are on their way out. */
function* joined(run: Run, { id }: Strands, task: Task): Code {
  try {
    const result = yield task;
    run.told.push(`join ${id}`);
    return result;
  } catch (error) {
    if (isFailure(error)) run.told.push(`join ${id}`);
    throw error;
  }
}

function endOfFirst({ isStrict }: Run, task: Task): unknown {
  return task.isFailed && !isStrict ? "failed" : task.getResult();
}

function* outcomeOf({ isStrict }: Run, task: Task): Code {
  try {
    return yield task;
  } catch (error) {
    if (error instanceof TaskCanceledError) return "called off";
    if (isStrict || !isFailure(error)) throw error;
    return "failed";
  }
}

function* syncStrand(maker: Run, strand: Strand, siblings: ReadonlySet<string>): Code {
  const run: Run = { ...maker, strand: strand.id };
  const results: unknown[] = [];
  run.told.push(`begin ${strand.id}`);
  try {
    for (const [n, step] of strand.steps.entries()) results.push(yield* stepOf(run, strand, step, n, siblings));
    return endOf(run, strand, results);
  } finally {
    leave(run);
    for (const leaf of strand.finally) yield* wayOut(run, leaf);
    run.told.push(`over ${strand.id}`);
  }
}

/** As `syncStrand`, as an author of async code writes it. */
async function* asyncStrand(
  maker: Run,
  strand: Strand,
  siblings: ReadonlySet<string>,
  // biome-ignore lint/suspicious/noExplicitAny: what a yield gives is known to the code alone
): AsyncGenerator<any, unknown, any> {
  const run: Run = { ...maker, strand: strand.id };
  const results: unknown[] = [];
  run.told.push(`begin ${strand.id}`);
  try {
    for (const [n, step] of strand.steps.entries()) {
      const result = yield* stepOf(run, strand, step, n, siblings);
      results.push(await Promise.resolve(result));
    }
    return endOf(run, strand, results);
  } finally {
    leave(run);
    for (const leaf of strand.finally) yield* wayOut(run, leaf);
    run.told.push(`over ${strand.id}`);
  }
}

function* stepOf(run: Run, strand: Strand, step: Step, n: number, siblings: ReadonlySet<string>): Code {
  run.told.push(`step ${strand.id} ${n}`);
  try {
    if (step.do === "after") {
      yield run.ctx.waitForCondition(() => !siblings.has(step.strand) || run.out.has(step.strand));
      return "after";
    }
    return yield* run.perform(run, step);
  } catch (error) {
    if (error instanceof WorkflowCanceledError) {
      run.told.push(`cancel ${strand.id}`);
      if (strand.isStubborn) return "canceled";
    }
    if (!run.isStrict && isFailure(error)) return "failed";
    run.told.push(`end ${strand.id}`);
    throw error;
  }
}

function endOf(run: Run, { id, fails, renews }: Strand, results: readonly unknown[]): StrandResult | undefined {
  run.told.push(`end ${id}`);
  if (renews && run.renew()) return undefined;
  if (fails) throw new StrandError(`${id}, as planned`);
  return { strand: id, results };
}

function leave({ told, out, strand = "" }: Run): void {
  told.push(`out ${strand}`);
  out.add(strand);
}

function* wayOut(run: Run, leaf: Leaf): Code {
  try {
    yield run.call(run, leaf);
  } catch (error) {
    if (!isFailure(error)) throw error;
  }
}
