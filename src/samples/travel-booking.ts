import type { Task, WorkflowContext, WorkflowRuntime } from "../index.ts";
import { book, cancelBooking, type Trip } from "./patterns.ts";

/**
 * Branches: all parts of a trip side by side, each with a wait and a call of its own. When one fails, the others are ended where they wait, and
 * what has been booked is taken back, the last first. Output: what is booked.
 */
export async function* travelBooking(ctx: WorkflowContext, { places, failAt }: Trip): AsyncGenerator<Task, string[]> {
  const toUndo: string[] = [];
  function* booking(place: string, seconds: number): Generator<Task, string> {
    yield* ctx.createTimer(seconds); // until there is an offer
    toUndo.push(place); // a booking that fails may have been made all the same
    yield* ctx.callActivity(book, { place, fail: place === failAt });
    return place;
  }
  try {
    return yield* ctx.whenAll(places.map((place, n) => booking(place, (n + 1) / 5)));
  } catch (error) {
    for (const place of toUndo.reverse()) yield* ctx.callActivity(cancelBooking, place);
    throw error;
  }
}

export function registerTravelBooking(runtime: WorkflowRuntime): void {
  runtime.registerWorkflow(travelBooking);
}
