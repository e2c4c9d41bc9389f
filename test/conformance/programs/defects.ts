// Written for @dapr/dapr: what its engine gets wrong (docs/conformance.md), each as a user would meet it.
import { type Task, type WorkflowActivityContext, type WorkflowContext, WorkflowRuntime } from "@dapr/dapr";

export const ran: unknown[] = [];
/** Stands for the code of a deploy. */
export const deployed = { isBroken: false };
const record = (_: WorkflowActivityContext, value: unknown) => {
  ran.push(value);
};
const same = (_: WorkflowActivityContext, value: unknown) => value;
const fails = () => {
  throw new Error("as told");
};

const workflows = {
  async *nulls(ctx: WorkflowContext): any {
    const found = yield ctx.callActivity(same, null);
    const child = yield ctx.callChildWorkflow("givesNull");
    return [found === null, child === null];
  },
  async *givesNull(): any {
    return null;
  },
  async *passesOnWhatIsNoJson(ctx: WorkflowContext): any {
    const map = new Map([[1, 2]]);
    const texts: string[] = [];
    for (const value of [map, Promise.resolve(1), new Error("no"), new Uint8Array(1), 10n]) {
      try {
        yield ctx.callActivity(same, { at: [value] });
      } catch (error) {
        texts.push((error as Error).message.split(",")[0] ?? "");
      }
    }
    return texts;
  },
  async *namedFailure(): any {
    throw Object.assign(new Error("slow", { cause: new Error("far away") }), { name: "TooSlow", code: 7 });
  },
  *syncGenerator(ctx: WorkflowContext): any {
    return yield ctx.callActivity(same, "ran");
  },
  async *firstYieldNoTask(): any {
    yield 1;
  },
  async *whenAllOfNone(ctx: WorkflowContext): any {
    return yield ctx.whenAll([]);
  },
  async *whenAnyOfNone(ctx: WorkflowContext): any {
    yield ctx.whenAny([]);
  },
  async *eventBeforeStart(ctx: WorkflowContext): any {
    return yield ctx.waitForExternalEvent("early");
  },
  async *whenAllWithOneEnded(ctx: WorkflowContext): any {
    const a = ctx.callActivity(same, 1);
    yield a;
    return yield ctx.whenAll([a, ctx.callActivity(same, 2)]);
  },
  async *siblingAfterFailure(ctx: WorkflowContext): any {
    const slow = ctx.createTimer(0.02);
    try {
      yield ctx.whenAll([ctx.callActivity(fails), slow]);
    } catch {
      yield slow;
      return "went on";
    }
  },
  async *joinAfterFailure(ctx: WorkflowContext): any {
    const broken = ctx.callActivity(fails);
    yield ctx.whenAny([broken]);
    try {
      yield broken;
    } catch (e) {
      return (e as Error).message;
    }
  },
  async *nestedComposites(ctx: WorkflowContext): any {
    const all = ctx.whenAll([ctx.callActivity(same, 1), ctx.callActivity(same, 2)]);
    const winner = yield ctx.whenAny([all, ctx.createTimer(60)]);
    return winner === all && all.getResult();
  },
  async *falsyInputs(ctx: WorkflowContext, generation: any): any {
    if (generation === 1) return ctx.continueAsNew(0, true);
    const back: any[] = [generation];
    for (const value of [0, false, "", null]) back.push((yield ctx.callActivity(same, value)) ?? null);
    back.push(yield ctx.waitForExternalEvent("falsy"));
    return back;
  },
  async *throwsAfterTerminate(ctx: WorkflowContext): any {
    yield ctx.waitForExternalEvent("never");
    throw new Error("too late");
  },
  async *timerNaN(ctx: WorkflowContext): any {
    yield ctx.createTimer(Number.NaN);
  },
  async *statusObject(ctx: WorkflowContext): any {
    ctx.setCustomStatus({ done: 1 } as unknown as string);
    return "done";
  },
  async *eventWithoutName(ctx: WorkflowContext): any {
    yield ctx.waitForExternalEvent("");
  },
  async *suspendedTwice(ctx: WorkflowContext): any {
    return yield ctx.waitForExternalEvent("go");
  },
  async *laterContinueAsNew(ctx: WorkflowContext, n: number): any {
    yield ctx.callActivity(same, n);
    if (n < 3) yield ctx.continueAsNew(n + 1, true) as unknown as Task<any>;
    return n;
  },
  async *forgottenYield(ctx: WorkflowContext): any {
    ctx.callActivity(record, `by ${ctx.getWorkflowInstanceId()}`);
    return "ended";
  },
  async *namesItsChild(ctx: WorkflowContext): any {
    return ctx.getWorkflowInstanceId();
  },
  async *childOfEachGeneration(ctx: WorkflowContext, names: string[]): any {
    const child = yield ctx.callChildWorkflow("namesItsChild");
    if (names.length === 2) return [...names, child];
    ctx.continueAsNew([...names, child], false);
  },
  async *lostWait(ctx: WorkflowContext): any {
    const lost = ctx.waitForExternalEvent("number");
    const winner = yield ctx.whenAny([ctx.createTimer(0), lost]);
    ctx.setCustomStatus("lost");
    return [winner === lost, yield ctx.waitForExternalEvent("number")];
  },
  async *changedByDeploy(ctx: WorkflowContext): any {
    const result = deployed.isBroken ? undefined : yield ctx.callActivity(same, "kept");
    return [result, yield ctx.waitForExternalEvent("go")];
  },
  async *namesakes(ctx: WorkflowContext): any {
    return [yield ctx.callActivity(mail.send), yield ctx.callActivity(sms.send)];
  },
  async returnsTask(ctx: WorkflowContext): Promise<any> {
    return ctx.callActivity(same, 1);
  },
  async *awaitsTask(ctx: WorkflowContext): any {
    const result: any = await ctx.callActivity(same, 1);
    return { result, next: yield ctx.callActivity(record, "with what was no result") };
  },
  async *passesTaskOn(ctx: WorkflowContext): any {
    return yield ctx.callActivity(record, { of: ctx.callActivity(same, 1) });
  },
  async *leavesItsContext(ctx: WorkflowContext): any {
    left.push(ctx);
    return yield ctx.callActivity(callsWithWhatWasLeft);
  },
  async *deepFalsy(ctx: WorkflowContext, input: any): any {
    return [input, yield ctx.callActivity(same, input), yield ctx.callChildWorkflow("echo", input)];
  },
  async *echo(_: WorkflowContext, input: any): any {
    return input;
  },
};

const left: WorkflowContext[] = [];
function callsWithWhatWasLeft(): string {
  try {
    left.at(-1)?.callActivity(record, "from outside");
    return "made";
  } catch (error) {
    return (error as Error).message;
  }
}
const mail = { send: () => "by mail" };
const sms = { send: () => "by text" };

const runtime = new WorkflowRuntime().registerActivity(same).registerActivity(fails).registerActivity(record);
runtime.registerActivity(callsWithWhatWasLeft);
runtime.registerActivity(mail.send).registerActivityWithName("textMessage", sms.send);
for (const [name, workflow] of Object.entries(workflows)) runtime.registerWorkflowWithName(name, workflow);
void runtime.start();
