import type { Task, WorkflowActivityContext, WorkflowContext, WorkflowRuntime } from "../index.ts";

// One short workflow for each pattern of Dapr's documentation.

/** Chaining: each step works on the result of the one before. Input: a name. Output: a greeting. */
export async function* chaining(ctx: WorkflowContext, name: string): AsyncGenerator<Task, string, string> {
  const greeting = yield ctx.callActivity(greet, name);
  const louder = yield ctx.callActivity(shout, greeting);
  return yield ctx.callActivity(decorate, louder);
}

export function greet(_ctx: WorkflowActivityContext, name: string): string {
  return `Hello, ${name}`;
}
export function shout(_ctx: WorkflowActivityContext, text: string): string {
  return text.toUpperCase();
}
export function decorate(_ctx: WorkflowActivityContext, text: string): string {
  return `*** ${text} ***`;
}

/** Fan-out and fan-in: all at once, then the sum. Input: texts. Output: how many words they have together. */
export async function* fanOutFanIn(ctx: WorkflowContext, texts: string[]): AsyncGenerator<Task, number, number[]> {
  const counts = yield ctx.whenAll(texts.map((text) => ctx.callActivity(countWords, text)));
  return counts.reduce((sum, count) => sum + count, 0);
}

export function countWords(_ctx: WorkflowActivityContext, text: string): number {
  return text.split(/\s+/).filter((word) => word !== "").length;
}

export interface MonitorInput {
  readonly checksLeft: number;
  readonly intervalSeconds: number;
}

/** Monitor: looks again and again, as a new execution each time so that the history stays short. */
export async function* monitor(ctx: WorkflowContext, input: MonitorInput): AsyncGenerator<Task, string, string> {
  const health = yield ctx.callActivity(checkHealth, input.checksLeft);
  ctx.setCustomStatus(`${health}, ${input.checksLeft} checks left`);
  if (input.checksLeft <= 1) return health;
  yield ctx.createTimer(input.intervalSeconds);
  ctx.continueAsNew({ ...input, checksLeft: input.checksLeft - 1 }, true);
  return health;
}

export function checkHealth(_ctx: WorkflowActivityContext, checksLeft: number): string {
  return checksLeft % 2 === 0 ? "busy" : "healthy";
}

export interface ApprovalInput {
  readonly question: string;
  readonly timeoutSeconds: number;
}

/** Human interaction: waits for the event `answer`, but not for ever. Output: the answer, or "no answer". */
export async function* humanInteraction(
  ctx: WorkflowContext,
  input: ApprovalInput,
): AsyncGenerator<Task, unknown, Task> {
  ctx.setCustomStatus(input.question);
  const answer = ctx.waitForExternalEvent("answer");
  const first = yield ctx.whenAny([answer, ctx.createTimer(input.timeoutSeconds)]);
  return first === answer ? answer.getResult() : "no answer";
}

/** Child workflows: each part is an instance of its own, with its own history. Output: one greeting for each name. */
export async function* childWorkflows(ctx: WorkflowContext, names: string[]): AsyncGenerator<Task, string[], string[]> {
  return yield ctx.whenAll(names.map((name) => ctx.callChildWorkflow(chaining, name)));
}

export interface Trip {
  readonly places: string[];
  /** The place whose booking is to fail, to see the compensation. */
  readonly failAt?: string;
}

/** Saga: books place after place; when one fails, takes back those before it, the last first. */
export async function* saga(ctx: WorkflowContext, trip: Trip): AsyncGenerator<Task, object, never> {
  const booked: string[] = [];
  try {
    for (const place of trip.places) {
      yield ctx.callActivity(book, { place, fail: place === trip.failAt });
      booked.push(place);
    }
    return { booked, cancelled: [] };
  } catch (error) {
    const cancelled = booked.reverse();
    for (const place of cancelled) yield ctx.callActivity(cancelBooking, place);
    return { booked: [], cancelled, reason: error instanceof Error ? error.message : String(error) };
  }
}

export function book(_ctx: WorkflowActivityContext, { place, fail }: { place: string; fail: boolean }): void {
  if (fail) throw new Error(`${place} is fully booked`);
}
export function cancelBooking(_ctx: WorkflowActivityContext, place: string): string {
  return place;
}

export function registerPatterns(runtime: WorkflowRuntime): void {
  for (const workflow of [chaining, fanOutFanIn, monitor, humanInteraction, childWorkflows, saga]) {
    runtime.registerWorkflow(workflow);
  }
  for (const activity of [greet, shout, decorate, countWords, checkHealth, book, cancelBooking]) {
    runtime.registerActivity(activity);
  }
}
