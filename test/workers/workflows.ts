// Workflows that only tests need, and what they leave behind to be looked at. Test and Worker share this module.
import {
  type AttributeChanges,
  DaprWorkflowClient,
  type Task,
  type WorkflowActivityContext,
  type WorkflowContext,
  type WorkflowRuntime,
} from "../../src/index.ts";

type Workflow<Result = unknown, Yielded = unknown> = AsyncGenerator<Task, Result, Yielded>;

/** How often the code of an instance's workflow was begun: 1, and one more for each replay from the history. */
const beginnings = new Map<string, number>();
export const beginningsOf = (instanceId: string): number => beginnings.get(instanceId) ?? 0;

function begin(ctx: WorkflowContext): void {
  beginnings.set(ctx.getWorkflowInstanceId(), beginningsOf(ctx.getWorkflowInstanceId()) + 1);
}

/** Every run of an activity of an instance: what it was called with, and its task execution ID. */
export interface Run {
  readonly input: unknown;
  readonly taskExecutionId: string;
}
const runs = new Map<string, Run[]>();
export const runsOf = (instanceId: string): Run[] => runs.get(instanceId) ?? [];

function note(ctx: WorkflowActivityContext, input: unknown): void {
  const instanceId = ctx.getWorkflowInstanceId();
  runs.set(instanceId, [...runsOf(instanceId), { input, taskExecutionId: ctx.getTaskExecutionId() }]);
}

/**
 * A place where an activity stops until the test lets it go. The test can wait for the n-th activity to get there.
 * Both sides look every millisecond, each in events of its own: workerd dies when a test that was resumed by a promise
 * of an object resets that object ("Promise callback destroyed itself").
 */
export class Gate {
  #arrivals = 0;
  #isOpen = false;

  async pass(): Promise<void> {
    this.#arrivals++;
    while (!this.#isOpen) await scheduler.wait(1);
  }
  async reached(times = 1): Promise<void> {
    while (this.#arrivals < times) await scheduler.wait(1);
  }
  open(): void {
    this.#isOpen = true;
  }
}
const gates = new Map<string, Gate>();
export function gate(name: string): Gate {
  let found = gates.get(name);
  if (found === undefined) {
    found = new Gate();
    gates.set(name, found);
  }
  return found;
}

// Workflows without activities.

export async function* echo(ctx: WorkflowContext, input: unknown): Workflow {
  begin(ctx);
  return input;
}
/** What the workflow was given, as seen from inside. */
export async function* inspect(ctx: WorkflowContext, input: unknown): Workflow {
  return { type: typeof input, input: input ?? "none", id: ctx.getWorkflowInstanceId() };
}
export async function* awaitEvent(ctx: WorkflowContext, name: string): Workflow {
  begin(ctx);
  ctx.setCustomStatus(`waiting for ${name}`);
  return yield ctx.waitForExternalEvent(name);
}
export async function* awaitEvents(ctx: WorkflowContext, { name, count }: { name: string; count: number }): Workflow {
  begin(ctx);
  const payloads: unknown[] = [];
  while (payloads.length < count) payloads.push(yield ctx.waitForExternalEvent(name));
  return payloads;
}
/** How many characters an event has, and the event itself. */
export async function* measureEvent(ctx: WorkflowContext): Workflow<unknown, string> {
  const text = yield ctx.waitForExternalEvent("text");
  return { length: text.length, text };
}
export async function* sleeper(ctx: WorkflowContext, ms: number): Workflow<number> {
  begin(ctx);
  const from = ctx.getCurrentUtcDateTime().getTime();
  yield ctx.createTimer(ms / 1000);
  return ctx.getCurrentUtcDateTime().getTime() - from;
}
export async function* sleeperInParallel(ctx: WorkflowContext, ms: number[]): Workflow<number[]> {
  const from = ctx.getCurrentUtcDateTime().getTime();
  const fired: number[] = [];
  const open: Task[] = ms.map((each) => ctx.createTimer(each / 1000));
  while (open.length > 0) {
    const first = (yield ctx.whenAny(open)) as Task;
    fired.push(ctx.getCurrentUtcDateTime().getTime() - from);
    open.splice(open.indexOf(first), 1);
  }
  return fired;
}
export async function* thrower(ctx: WorkflowContext, message: string): Workflow<never> {
  begin(ctx);
  throw new RangeError(message);
}

// Workflows with activities.

export async function* steps(ctx: WorkflowContext, count: number): Workflow<number, number> {
  begin(ctx);
  let sum = 0;
  for (let n = 0; n < count; n++) sum += yield ctx.callActivity(one);
  return sum;
}
export async function* slowSteps(ctx: WorkflowContext, count: number): Workflow<number, number> {
  begin(ctx);
  let sum = 0;
  for (let n = 0; n < count; n++) sum += yield ctx.callActivity(oneAfterIo);
  return sum;
}
/** So many calls side by side, as tasks or each in a branch of its own; then waits for an event. */
export async function* wide(
  ctx: WorkflowContext,
  { count, inBranches, io }: { count: number; inBranches: boolean; io: boolean },
): Workflow<number, number[]> {
  begin(ctx);
  const call = () => ctx.callActivity(io ? oneAfterIo : one);
  const strand = function* (): Generator<Task, number, number> {
    return yield call();
  };
  const results = yield ctx.whenAll(Array.from({ length: count }, () => (inBranches ? strand() : call())));
  yield ctx.waitForExternalEvent("end");
  return results.length;
}
/** One activity after the other, each through its own gate. Output: their task execution IDs. */
export async function* gatedSteps(ctx: WorkflowContext, names: string[]): Workflow<unknown[]> {
  begin(ctx);
  const ids: unknown[] = [];
  for (const name of names) ids.push(yield ctx.callActivity(throughGate, name));
  return ids;
}
export async function* gatedFanOut(ctx: WorkflowContext, names: string[]): Workflow<unknown> {
  begin(ctx);
  return yield ctx.whenAll(names.map((name) => ctx.callActivity(throughGate, name)));
}
/** An activity, an event, an activity. */
export async function* interrupted(ctx: WorkflowContext, [first, second]: [string, string]): Workflow<unknown[]> {
  begin(ctx);
  const a = yield ctx.callActivity(throughGate, first);
  yield ctx.waitForExternalEvent("go");
  const b = yield ctx.callActivity(throughGate, second);
  return [a, b];
}
/** A timer, then an activity: the activity runs inside the alarm's handler. */
export async function* timerThenGate(ctx: WorkflowContext, name: string): Workflow {
  begin(ctx);
  yield ctx.createTimer(0.05);
  return yield ctx.callActivity(throughGate, name);
}
/** Ends without waiting for its activity, which runs to its end all the same. */
export async function* carelessSteps(ctx: WorkflowContext, name: string): Workflow {
  begin(ctx);
  ctx.callActivity(throughGate, name);
  return "gone";
}
/** A new execution for each step, with an activity in each; gives back what was raised meanwhile. */
export async function* generations(
  ctx: WorkflowContext,
  { left, seen }: { left: string[]; seen: unknown[] },
): Workflow {
  const [name, ...rest] = left;
  if (name === undefined) return [...seen, yield ctx.waitForExternalEvent("last")];
  const id = yield ctx.callActivity(throughGate, name);
  ctx.continueAsNew({ left: rest, seen: [...seen, id] }, true);
  return undefined;
}
export async function* throwingActivity(ctx: WorkflowContext, message: string): Workflow {
  return yield ctx.callActivity(throwIt, message);
}
export async function* failsAtLength(_ctx: WorkflowContext, length: number): Workflow {
  throw new Error("E".repeat(length));
}
export async function* unknownActivity(ctx: WorkflowContext): Workflow {
  return yield ctx.callActivity("nobodyRegisteredThis");
}
export async function* largeResult(ctx: WorkflowContext, length: number): Workflow {
  return yield ctx.callActivity(makeText, length);
}

// Workflows with children.

export interface Call {
  readonly workflow: string;
  readonly input?: unknown;
  readonly instanceId?: string;
}
export async function* parent(ctx: WorkflowContext, { workflow, input, instanceId }: Call): Workflow {
  begin(ctx);
  return yield ctx.callChildWorkflow(workflow, input, instanceId);
}
export async function* parentOfMany(ctx: WorkflowContext, calls: Call[]): Workflow {
  begin(ctx);
  return yield ctx.whenAll(calls.map((call) => ctx.callChildWorkflow(call.workflow, call.input, call.instanceId)));
}
/** What the child's failure looks like from the parent. */
export async function* forgivingParent(ctx: WorkflowContext, call: Call): Workflow {
  try {
    return yield ctx.callChildWorkflow(call.workflow, call.input, call.instanceId);
  } catch (error) {
    const { details } = error as { details: { errorType: string; message: string } };
    return { caught: details.errorType, message: details.message };
  }
}
/** Ends without waiting for its child. */
export async function* carelessParent(ctx: WorkflowContext, call: Call): Workflow {
  ctx.callChildWorkflow(call.workflow, call.input, call.instanceId);
  return "gone";
}

// Activities.

export function one(): number {
  return 1;
}
export async function oneAfterIo(): Promise<number> {
  await scheduler.wait(1);
  return 1;
}
export async function throughGate(ctx: WorkflowActivityContext, name: string): Promise<string> {
  note(ctx, name);
  await gate(name).pass();
  return ctx.getTaskExecutionId();
}
export function throwIt(_ctx: WorkflowActivityContext, message: string): never {
  throw new TypeError(message);
}
/** A text whose every place can be told: a shift by one would show. */
export function makeText(_ctx: WorkflowActivityContext, length: number): string {
  return textOf(length);
}
export function textOf(length: number): string {
  const line = "0123456789abcdefghijklmnopqrstuvwxyz äöü€😀\n";
  return line.repeat(Math.ceil(length / line.length)).slice(0, length);
}
/** Starts another workflow from inside an activity, and waits for it. */
export async function startAndWait(_ctx: WorkflowActivityContext, name: string): Promise<string | undefined> {
  const client = new DaprWorkflowClient();
  const id = await client.scheduleNewWorkflow(echo, name);
  return (await client.waitForWorkflowCompletion(id, true, 10))?.serializedOutput;
}
export async function* startsAnother(ctx: WorkflowContext, name: string): Workflow {
  return yield ctx.callActivity(startAndWait, name);
}

/** Sets the attributes that each event `set` has, until one has none. */
export async function* tagged(ctx: WorkflowContext): Workflow {
  for (;;) {
    const changes = (yield ctx.waitForExternalEvent("set")) as AttributeChanges | null;
    if (changes === null) return ctx.getSearchAttributes();
    ctx.setSearchAttributes(changes);
  }
}

/** What is broken just now: calls with these names fail. */
export const broken = new Set<string>();
export function unlessBroken(ctx: WorkflowActivityContext, name: string): string {
  note(ctx, name);
  if (broken.has(name)) throw new Error(`${name} is broken`);
  return name;
}
export async function* repairable(ctx: WorkflowContext, names: string[]): Workflow {
  const done: unknown[] = [];
  for (const name of names) done.push(yield ctx.callActivity(unlessBroken, name));
  return done;
}
export async function* repairableParent(ctx: WorkflowContext, child: { id: string; names: string[] }): Workflow {
  yield ctx.callActivity(unlessBroken, "parent");
  return yield ctx.callChildWorkflow(repairable, child.names, child.id);
}
async function* tellsItsVersion(ctx: WorkflowContext): Workflow {
  yield ctx.waitForExternalEvent("go");
  return ctx.getVersion();
}

/** The most runs of `narrow` that there were at once, and how many there are. */
export const narrowRuns = { now: 0, most: 0, begun: [] as string[] };
let narrowsOpen = 0;
/** Lets all end that run. */
export function openNarrows(): void {
  narrowsOpen = narrowRuns.begun.length;
}

async function narrow(_ctx: WorkflowActivityContext, key: string): Promise<string> {
  const n = narrowRuns.begun.push(key);
  narrowRuns.most = Math.max(narrowRuns.most, ++narrowRuns.now);
  while (narrowsOpen < n) await scheduler.wait(5);
  narrowRuns.now--;
  return key;
}

function* narrows(ctx: WorkflowContext, key: string) {
  return yield* ctx.callActivity(narrow, key);
}

function* oneAtATime(ctx: WorkflowContext) {
  return yield* ctx.waitForExternalEvent("go");
}

export function registerTestWorkflows(runtime: WorkflowRuntime): void {
  for (const workflow of [
    echo,
    inspect,
    awaitEvent,
    awaitEvents,
    measureEvent,
    sleeper,
    sleeperInParallel,
    thrower,
    steps,
    slowSteps,
    wide,
    gatedSteps,
    gatedFanOut,
    interrupted,
    timerThenGate,
    carelessSteps,
    generations,
    throwingActivity,
    failsAtLength,
    unknownActivity,
    largeResult,
    parent,
    parentOfMany,
    forgivingParent,
    carelessParent,
    startsAnother,
    tagged,
    repairable,
    repairableParent,
    narrows,
    oneAtATime,
  ]) {
    runtime.registerWorkflow(workflow);
  }
  for (const activity of [one, oneAfterIo, throughGate, throwIt, makeText, startAndWait, unlessBroken, narrow]) {
    runtime.registerActivity(activity);
  }
  for (const version of ["v1", "v2"])
    runtime.registerVersionedWorkflow("tellsItsVersion", version, tellsItsVersion, { latest: version === "v1" });
  runtime.limit("narrow", { activity: narrow, key: (key: string) => key.slice(0, 1), concurrency: 2 });
  runtime.limit("one-at-a-time", { workflow: oneAtATime, concurrency: 1 });
}
