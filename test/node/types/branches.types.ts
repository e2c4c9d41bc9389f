// Checked by the compiler alone (npm run types): what branches give, and what is none.
import {
  type Branchable,
  type BranchTask,
  type CancelableTask,
  declareEvent,
  declareWorkflow,
  type Task,
  type WorkflowActivityContext,
  type WorkflowContext,
  WorkflowRuntime,
} from "../../../src/client.ts";
import { is } from "./is.ts";

interface Flight {
  seat: string;
}
interface Hotel {
  room: number;
}

const bookFlight = (_: WorkflowActivityContext, to: string): Flight => ({ seat: to });
const bookHotel = async (_: WorkflowActivityContext, nights: number): Promise<Hotel> => ({ room: nights });

function* flight(ctx: WorkflowContext, to: string) {
  yield* ctx.createTimer(1);
  return yield* ctx.callActivity(bookFlight, to);
}

async function* hotel(ctx: WorkflowContext, nights: number) {
  await Promise.resolve();
  return yield* ctx.callActivity(bookHotel, nights);
}

function* either(ctx: WorkflowContext, to: string | undefined) {
  if (to === undefined) return "nowhere" as const;
  return yield* flight(ctx, to);
}

function* nothing(ctx: WorkflowContext) {
  yield* ctx.createTimer(1);
}

// With types as programs for Dapr have them, or with none.
async function* written(ctx: WorkflowContext): AsyncGenerator<Task, Flight, never> {
  return yield ctx.callActivity("bookFlight");
}
function* counted(ctx: WorkflowContext): Generator<Task, string, number> {
  return String(yield ctx.callActivity("count"));
}
async function* untyped(ctx: WorkflowContext): any {
  return yield ctx.callActivity("anything");
}

/** What the two give needs no type of its own, in either kind of workflow. */
export function* trip(ctx: WorkflowContext, to: string) {
  const [a, b] = yield* ctx.whenAll([flight(ctx, to), hotel(ctx, 2)]);
  is<Flight>()(a);
  is<Hotel>()(b);
  return { seat: a.seat, room: b.room };
}

export async function* asyncTrip(ctx: WorkflowContext, to: string) {
  const [a, b] = yield* ctx.whenAll([flight(ctx, to), hotel(ctx, 2)]);
  is<Flight>()(a);
  is<Hotel>()(b);
  return { seat: a.seat, room: b.room };
}

export function* all(ctx: WorkflowContext) {
  is<[Flight, Hotel]>()(yield* ctx.whenAll([flight(ctx, "a"), hotel(ctx, 1)]));
  is<[Flight, Hotel, Flight]>()(
    yield* ctx.whenAll([flight(ctx, "a"), ctx.callActivity(bookHotel, 1), ctx.branch(flight(ctx, "b"), "b")]),
  );
  is<void>()((yield* ctx.whenAll([nothing(ctx)]))[0]);
  is<["nowhere" | Flight, Flight, string, any]>()(
    yield* ctx.whenAll([either(ctx, "a"), written(ctx), counted(ctx), untyped(ctx)]),
  );
  is<[Flight, number]>()(
    yield* ctx.whenAll([
      (function* () {
        return yield* ctx.callActivity(bookFlight, "a");
      })(),
      (async function* () {
        return (yield* ctx.callActivity(bookHotel, 1)).room;
      })(),
    ]),
  );
  is<Flight[]>()(yield* ctx.whenAll(["a", "b"].map((to) => flight(ctx, to))));
  is<Hotel[]>()(yield* ctx.whenAll([1, 2].map((nights) => hotel(ctx, nights))));
  is<(Flight | Hotel)[]>()(yield* ctx.whenAll([1, 2].map((n) => (n === 1 ? flight(ctx, "a") : hotel(ctx, n)))));
  const several: (Branchable<Flight> | Task<Flight>)[] = [flight(ctx, "a"), ctx.callActivity(bookFlight, "b")];
  is<Flight[]>()(yield* ctx.whenAll(several));
  is<[]>()(yield* ctx.whenAll([]));
  is<[[Flight, Hotel], Flight]>()(
    yield* ctx.whenAll([ctx.whenAll([flight(ctx, "a"), hotel(ctx, 1)]), flight(ctx, "b")]),
  );
}

export async function* any(ctx: WorkflowContext) {
  const winner = yield* ctx.whenAny([flight(ctx, "a"), hotel(ctx, 1)]);
  is<Task<Flight> | Task<Hotel>>()(winner);
  is<Flight | Hotel>()(winner.getResult());
  is<Task<Hotel>>()(yield* ctx.whenAny([1, 2].map((nights) => hotel(ctx, nights))));
  const decision = ctx.branch(flight(ctx, "a"), { name: "decision" });
  const event = ctx.waitForExternalEvent(declareEvent<{ by: string }>("stop"));
  const first = yield* ctx.whenAny([decision, event, hotel(ctx, 1)]);
  is<BranchTask<Flight> | CancelableTask<{ by: string }> | Task<Hotel>>()(first);
  if (first === decision) is<Flight>()(first.getResult());
  is<Flight>()(decision.getResult());
}

export function* handles(ctx: WorkflowContext) {
  const booking = ctx.branch(flight(ctx, "a"), "flight");
  is<BranchTask<Flight>>()(booking);
  is<Flight>()(yield* booking);
  is<boolean>()(booking.cancel());
  is<boolean>()(booking.isCanceled);
  is<string>()(booking.branchName);
  is<BranchTask<Hotel>>()(ctx.branch(hotel(ctx, 1)));
  is<BranchTask<void>>()(ctx.branch(nothing(ctx), null));
  is<BranchTask<"nowhere" | Flight>>()(ctx.branch(either(ctx, "a"), {}));
  is<BranchTask<Flight>>()(ctx.branch(written(ctx)));
  is<BranchTask<string>>()(ctx.branch<string>(counted(ctx)));
  is<BranchTask<any>>()(ctx.branch(untyped(ctx)));
  const generator: Branchable<Flight> = flight(ctx, "a");
  is<BranchTask<Flight>>()(ctx.branch(generator));
}

export function* wrong(ctx: WorkflowContext) {
  function* seven() {
    yield 7;
  }
  async function* text() {
    yield "text";
  }
  function* forgotten() {
    yield flight(ctx, "a");
  }
  // @ts-expect-error it yields a number
  ctx.branch(seven());
  // @ts-expect-error a text
  ctx.branch(text());
  // @ts-expect-error a generator: a star is missing behind its yield
  ctx.branch(forgotten());
  // @ts-expect-error in a list
  ctx.whenAll([seven()]);
  // @ts-expect-error beside one that is right
  ctx.whenAll([flight(ctx, "a"), text()]);
  // @ts-expect-error and in a race
  ctx.whenAny([flight(ctx, "a"), forgotten()]);
  // @ts-expect-error a generator function: it is to be called
  ctx.branch(flight);
  // @ts-expect-error a function that calls it
  ctx.branch(() => flight(ctx, "a"));
  // @ts-expect-error in a list
  ctx.whenAll([flight(ctx, "a"), hotel]);
  // @ts-expect-error and in a race
  ctx.whenAny([() => flight(ctx, "a")]);
  // @ts-expect-error a task is none
  ctx.branch(ctx.createTimer(1));
  // @ts-expect-error nor is a promise
  ctx.branch(Promise.resolve());
  // @ts-expect-error nor a list of them
  ctx.branch([flight(ctx, "a")]);
  // @ts-expect-error they stand in an array
  ctx.whenAll(flight(ctx, "a"), hotel(ctx, 1));
  // @ts-expect-error even one
  ctx.whenAll(flight(ctx, "a"));
  // @ts-expect-error a name is a text
  ctx.branch(flight(ctx, "a"), 7);
  // @ts-expect-error there is no such option
  ctx.branch(flight(ctx, "a"), { title: "flight" });
  // @ts-expect-error it gives a flight
  ctx.branch<string>(flight(ctx, "a"));
  // @ts-expect-error here, too
  const date: Date = yield* ctx.branch(flight(ctx, "a"));
  // @ts-expect-error and in a tuple
  const [room]: [number] = yield* ctx.whenAll([flight(ctx, "a")]);
  return [date, room];
}

/** A workflow with branches registers, and its result keeps its type. */
export function* parent(ctx: WorkflowContext) {
  const declared = declareWorkflow<string, { seat: string; room: number }>("trip");
  new WorkflowRuntime()
    .registerWorkflow(trip)
    .registerWorkflowWithName(declared, trip)
    .registerWorkflowWithName(declared, asyncTrip);
  is<{ seat: string; room: number }>()(yield* ctx.callChildWorkflow(trip, "a"));
  is<[{ seat: string; room: number }, Flight]>()(
    yield* ctx.whenAll([ctx.callChildWorkflow(asyncTrip, "a"), flight(ctx, "a")]),
  );
  ctx.setUpdateHandler("both", function* () {
    return yield* ctx.whenAll([flight(ctx, "a"), hotel(ctx, 1)]);
  });
}
