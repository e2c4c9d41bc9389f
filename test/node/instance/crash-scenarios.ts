// What crash-everywhere.test.ts crashes: workflows, and what a client asks of them meanwhile.
import { expect } from "vitest";
import type { Task } from "../../../src/engine/task.ts";
import type { TWorkflow, WorkflowContext } from "../../../src/engine/workflow-context.ts";
import type { Instance } from "../../../src/instance/instance.ts";
import type { StartRequest } from "../../../src/instance/protocol.ts";
import { ObjectLostError } from "./host.ts";
import type { Code } from "./support.ts";
import { START_MS, type World } from "./world.ts";

/** A client outside: repeats what was not answered, with the same name for the request, as the HTTP face's callers may. */
export class Client {
  readonly acknowledged: string[] = [];
  #requests = 0;

  constructor(readonly world: World) {}

  async #ask(call: (instance: Instance) => Promise<{ ok: boolean }>): Promise<boolean> {
    for (let attempt = 0; attempt < 12; attempt++) {
      try {
        return (await this.world.call("a", call)).ok;
      } catch (error) {
        if (!(error instanceof ObjectLostError)) throw error;
        await this.world.advance(10);
      }
    }
    throw new Error("not answered in twelve attempts");
  }

  async start(input?: unknown, startAtMs?: number, more: Partial<StartRequest> = {}): Promise<void> {
    const text = input === undefined ? undefined : JSON.stringify(input);
    const request = { instanceId: "a", name: "main", input: text, startAtMs, requestId: "the start", ...more };
    expect(await this.#ask((instance) => instance.start(request))).toBe(true);
  }
  /** A request that may take its time, sent again under the same name until it is done. */
  async insist(to: string, call: (instance: Instance) => Promise<{ ok: boolean }>): Promise<void> {
    let isDone = false;
    for (let attempt = 0; attempt < 12 && !isDone; attempt++) {
      const answer = this.world.post(to, call).then(
        ({ ok }) => ok,
        () => false,
      );
      let isAnswered = false;
      void answer.then(() => {
        isAnswered = true;
      });
      for (let n = 0; n < 1_000 && !isAnswered; n++) await this.world.advance(50);
      isDone = await answer;
    }
    expect(isDone).toBe(true);
  }
  async startInstead(input: unknown, more: Partial<StartRequest> = {}): Promise<void> {
    const requestId = "instead";
    const request = { instanceId: "a", name: "main", input: JSON.stringify(input), requestId, ...more };
    await this.insist("a", (instance) => instance.start({ ...request, reuse: "terminate" }));
  }
  async restart(): Promise<void> {
    await this.insist("a", (instance) => instance.restart({ requestId: "the restart", reason: "r" }));
  }
  /** Of `a`, as `b`. */
  async rerun(eventId: number): Promise<void> {
    await this.insist("b", (instance) => instance.rerun({ requestId: "r", sourceInstanceId: "a", eventId }));
  }
  async raise(name: string, input: unknown): Promise<void> {
    const messageId = `raise-${++this.#requests}`;
    const request = { name, input: JSON.stringify(input), messageId };
    if (await this.#ask((instance) => instance.raiseEvent(request))) this.acknowledged.push(messageId);
  }
  async suspend(): Promise<void> {
    await this.#ask((instance) => instance.suspend({}));
  }
  async resume(): Promise<void> {
    await this.#ask((instance) => instance.resume({}));
  }
  async terminate(output: string): Promise<void> {
    await this.#ask((instance) => instance.terminate({ output, recursive: true }));
  }
  async cancel(reason: string): Promise<void> {
    await this.#ask((instance) => instance.cancel({ reason }));
  }
  async update(updateId: string, name: string, input: unknown): Promise<void> {
    const request = { updateId, name, input: JSON.stringify(input), timeoutMs: 0 };
    await this.#ask(async (instance) => {
      const result = await instance.update(request);
      return { ok: result.ok || result.code === "PENDING" };
    });
  }
  /** As often as it takes: what a crash has held up fails later. Each failure is another request. */
  async rewindUntilCompleted(): Promise<void> {
    for (let attempt = 0; attempt < 60; attempt++) {
      let status: string | undefined;
      await this.#ask(async (instance) => {
        const found = await instance.describe({ payloads: false });
        status = found?.status;
        if (status === "FAILED") await instance.rewind({ requestId: `rewind of ${found?.lastUpdatedAtMs}` });
        return { ok: true };
      });
      if (status === "COMPLETED") return;
      await this.pass(5_000);
    }
  }
  async changeVersion(version: string): Promise<void> {
    await this.#ask((instance) => instance.changeVersion({ requestId: `to ${version}`, version }));
  }
  async pass(ms: number): Promise<void> {
    await this.world.advance(ms);
  }
}

export interface Scenario {
  readonly main: TWorkflow;
  /** What is asked from outside; after it, time goes on to the end. */
  readonly script: (client: Client) => Promise<void>;
  /** Whether all EventRaised stay in the history. */
  readonly keepsEvents?: boolean;
  /** What has failed may run again. */
  readonly isRewound?: boolean;
  /** Long payloads take their time. */
  readonly kinds?: readonly ("reset" | "process")[];
}

export const scenarios: Record<string, Scenario> = {
  "a chain of activities": {
    *main(ctx): Code {
      let n: number = yield ctx.callActivity("echo", 1);
      n += (yield ctx.callActivity("slow", 50)).length;
      return n + (yield ctx.callActivity("echo", 3));
    },
    script: (client) => client.start(),
  },
  "fan-out": {
    *main(ctx): Code {
      return yield ctx.whenAll([1, 20, 10, 20].map((ms, n) => ctx.callActivity(n === 0 ? "echo" : "slow", ms)));
    },
    script: (client) => client.start(),
  },
  "a timer beside an activity": {
    *main(ctx): Code {
      const timer = ctx.createTimer(30);
      yield ctx.callActivity("slow", 2_000);
      yield timer;
      const lateMs = ctx.getCurrentUtcDateTime().getTime() - START_MS - 30_000;
      return lateMs < 0 ? "too early" : "in time";
    },
    script: (client) => client.start(),
  },
  events: {
    *main(ctx): Code {
      const first = yield ctx.waitForExternalEvent("one");
      const last = yield ctx.callActivity("echo", first);
      return [last, yield ctx.waitForExternalEvent("two"), yield ctx.waitForExternalEvent("two")];
    },
    script: async (client) => {
      await client.start();
      await client.raise("two", "a");
      await client.raise("one", "b");
      await client.raise("two", "c");
    },
    keepsEvents: true,
  },
  children: {
    *main(ctx): Code {
      const both = yield ctx.whenAll([ctx.callChildWorkflow("child", 1), ctx.callChildWorkflow("child", 2)]);
      let failure = "none";
      try {
        yield ctx.callChildWorkflow("call", { activity: "fail" });
      } catch (error) {
        failure = (error as Error).message;
      }
      return [both, failure];
    },
    script: (client) => client.start(),
  },
  "events to a child, and the cancel of another and of one under its ID": {
    *main(ctx): Code {
      const told = ctx.callChildWorkflow("event", "go");
      const canceled = ctx.callChildWorkflow("event", "never", "c");
      told.sendEvent("go", "told");
      canceled.cancel("as told");
      let failure = "none";
      try {
        yield canceled;
      } catch (error) {
        failure = (error as Error).message;
      }
      const next = ctx.callChildWorkflow("event", "never", "c");
      next.sendEvent("never", "under the same ID");
      return [yield told, failure, yield next];
    },
    script: (client) => client.start(),
  },
  "continue-as-new with events, a child and an activity in each": {
    *main(ctx, input: { n: number; seen: unknown[] }): Code {
      const event = yield ctx.waitForExternalEvent("go");
      const child = yield ctx.callChildWorkflow("child", input.n);
      yield ctx.callActivity("slow", 10);
      const seen = [...input.seen, event, child];
      if (input.n === 3) return seen;
      ctx.continueAsNew({ n: input.n + 1, seen }, true);
    },
    script: async (client) => {
      await client.start({ n: 1, seen: [] });
      for (const n of [1, 2, 3]) await client.raise("go", n);
    },
  },
  "events that continue-as-new takes one by one": {
    *main(ctx, seen: number[]): Code {
      const all = [...seen, yield ctx.waitForExternalEvent("go")];
      if (all.at(-1) === 0) return all;
      ctx.continueAsNew(all, true);
    },
    script: async (client) => {
      await client.start([]);
      for (const n of [1, 2, 3, 0]) await client.raise("go", n);
    },
  },
  "suspend and resume": {
    *main(ctx): Code {
      const slept = yield ctx.callActivity("slow", 1_000);
      const event = yield ctx.waitForExternalEvent("go");
      yield ctx.createTimer(1);
      return [slept, event];
    },
    script: async (client) => {
      await client.start();
      await client.suspend();
      await client.raise("go", 1);
      await client.pass(3_000);
      await client.resume();
    },
    keepsEvents: true,
  },
  "terminate, with a child and an activity at work": {
    *main(ctx): Code {
      ctx.callActivity("slow", 60_000);
      yield ctx.callChildWorkflow("event", "never");
    },
    script: async (client) => {
      await client.start();
      await client.pass(5_000);
      await client.terminate('"out"');
    },
  },
  "a scheduled start": {
    *main(ctx, input: number): Code {
      return yield ctx.callActivity("echo", input);
    },
    script: (client) => client.start(7, START_MS + 60_000),
  },
  "retries with a pause and heartbeats": {
    *main(ctx): Code {
      const retry = { maxNumberOfAttempts: 4, firstRetryInterval: 2, backoffCoefficient: 2 };
      const attempt = yield ctx.callActivity("flaky", 3, { retry, timeout: 60 });
      let failure = "none";
      try {
        yield ctx.callChildWorkflow("call", { activity: "fail" }, { retry: { ...retry, maxNumberOfAttempts: 2 } });
      } catch (error) {
        failure = (error as Error).message;
      }
      return [attempt, failure];
    },
    script: (client) => client.start(),
  },
  "a cancel with a child, an activity at work, and cleanup": {
    *main(ctx): Code {
      const child = ctx.callChildWorkflow("event", "never");
      try {
        yield ctx.whenAll([child, ctx.callActivity("slow", 3_000)]);
      } finally {
        yield ctx.callActivity("echo", "tidy");
        yield ctx.createTimer(1);
      }
    },
    script: async (client) => {
      await client.start();
      await client.pass(500);
      await client.cancel("enough");
    },
  },
  "branches: an event, calls and a timer in each, a loser whose finally calls, and one that is called off": {
    *main(ctx): Code {
      let ended = 0;
      const strand = function* (name: string, length: number): Code {
        const done: unknown[] = [];
        for (let n = 0; n < length; n++) done.push(yield ctx.callActivity("slow", 10 * n));
        done.push(yield ctx.waitForExternalEvent(name));
        yield ctx.createTimer(length);
        return done;
      };
      const endless = async function* (): AsyncGenerator<Task, void> {
        try {
          yield* ctx.createTimer(86_400);
        } finally {
          yield* ctx.callActivity("echo", "tidy");
          yield* ctx.callChildWorkflow("child", ++ended);
          ended++;
        }
      };
      const handle = ctx.branch(endless(), "endless");
      const both = yield ctx.whenAll([strand("one", 1), strand("two", 2)]);
      const first: Task = yield ctx.whenAny([strand("three", 1), endless()]);
      handle.cancel();
      yield ctx.waitForCondition(() => ended === 4);
      return [both, first.getResult()];
    },
    script: async (client) => {
      await client.start();
      for (const name of ["two", "three", "one"]) await client.raise(name, name);
    },
    keepsEvents: true,
  },
  "branches that continue as new, and a cancel of those of the next round": {
    *main(ctx, round: number): Code {
      let left = 2;
      const strand = function* (activity: string): Code {
        try {
          yield ctx.callActivity(activity, 20);
          if (round === 1) return ctx.continueAsNew(2, true);
          yield ctx.createTimer(86_400);
        } finally {
          yield ctx.callActivity("echo", activity);
          left--;
        }
      };
      try {
        yield ctx.whenAll([strand("slow"), strand("echo")]);
      } finally {
        yield ctx.waitForCondition(() => left === 0);
      }
    },
    script: async (client) => {
      await client.start(1);
      await client.pass(120_000);
      await client.cancel("enough");
    },
  },
  updates: {
    *main(ctx): Code {
      const sums: number[] = [];
      ctx.setUpdateHandler("add", function* (n: number): Code {
        sums.push((yield ctx.callActivity("slow", n)).length + n);
        return sums.length;
      });
      yield ctx.waitForCondition(() => sums.length === 3);
      return sums;
    },
    script: async (client) => {
      await client.start();
      for (const n of [1, 2, 3]) await client.update(`update-${n}`, "add", n);
      await client.update("update-1", "add", 1);
    },
  },
  "one-way calls": {
    *main(ctx, n: number): Code {
      const id = ctx.scheduleNewWorkflow("event", "go");
      ctx.sendEvent(id, "go", n);
      ctx.sendEvent(ctx.getWorkflowInstanceId(), "self", n);
      const self = yield ctx.waitForExternalEvent("self");
      if (n < 2) return ctx.continueAsNew(n + 1, true);
      return self;
    },
    script: (client) => client.start(1),
  },
  "search attributes, set and kept over a continue-as-new, and a child's": {
    *main(ctx, n: number): Code {
      ctx.setSearchAttributes({ [`round${n}`]: n, draft: null });
      yield ctx.callActivity("slow", 20);
      if (n < 2) return ctx.continueAsNew(n + 1, true);
      yield ctx.callChildWorkflow("child", n, { searchAttributes: { of: ctx.getWorkflowInstanceId() } });
      ctx.setSearchAttributes({ end: yield ctx.waitForExternalEvent("end") });
      yield ctx.createTimer(1);
      return ctx.getSearchAttributes();
    },
    script: async (client) => {
      await client.start(1, undefined, { searchAttributes: { draft: true, customer: "c" } });
      await client.pass(500);
      await client.raise("end", "well");
    },
  },
  "an instance that goes when its time after its end is over, with a child that stays": {
    *main(ctx): Code {
      return yield ctx.callChildWorkflow("child", 1);
    },
    script: (client) => client.start(undefined, undefined, { retentionMs: 60_000 }),
  },
  "a tree that fails and is rewound, with other work open": {
    *main(ctx): Code {
      const slow = ctx.callActivity("slow", 12_000);
      const other = ctx.callChildWorkflow("child", 1);
      yield ctx.callChildWorkflow("parent", { name: "call", input: { activity: "repaired" }, id: "grandchild" }, "c");
      return [(yield slow).length, yield other, yield ctx.callActivity("repaired")];
    },
    script: async (client) => {
      client.world.activity("repaired", () => {
        if (client.world.nowMs < START_MS + 10_000) throw new Error("to be repaired");
        return "repaired";
      });
      await client.start();
      await client.pass(5_000);
      await client.rewindUntilCompleted();
    },
    isRewound: true,
  },
  "a restart, with a child, an event and an activity of the old run": {
    *main(ctx, input: string): Code {
      const slow = ctx.callActivity("slow", 2_000);
      const child = ctx.callChildWorkflow("child", 1, "c");
      const go = ctx.waitForExternalEvent("go");
      const isRaised = (yield ctx.whenAny([go, ctx.createTimer(60)])) === go;
      return [input, isRaised && go.getResult(), yield child, yield slow];
    },
    script: async (client) => {
      await client.start("input", undefined, { searchAttributes: { customer: "c" } });
      await client.raise("other", "of the old run");
      await client.pass(100);
      await client.restart();
      await client.raise("go", "of the new run");
    },
  },
  "a start in the place of one that runs, with an event": {
    *main(ctx, input: string): Code {
      const slow = ctx.callActivity("slow", 2_000);
      const child = ctx.callChildWorkflow("event", input === "old" ? "never" : "go", "c");
      ctx.sendEvent("c", "go", input);
      return [input, yield ctx.waitForExternalEvent("go"), yield slow, yield child];
    },
    script: async (client) => {
      await client.start("old");
      await client.pass(100);
      const event = { name: "go", input: '"with it"', messageId: "with the start" };
      await client.startInstead("new", { event });
    },
  },
  "a start with an event, and another one for one that runs": {
    *main(ctx): Code {
      const first = yield ctx.waitForExternalEvent("go");
      const last = yield ctx.callActivity("slow", 20);
      return [first, last, yield ctx.waitForExternalEvent("go")];
    },
    script: async (client) => {
      const goWith = (input: string) => ({ name: "go", input: JSON.stringify(input), messageId: `with ${input}` });
      await client.start(undefined, undefined, { event: goWith("first") });
      await client.start(undefined, undefined, { event: goWith("second"), requestId: "another start" });
      client.acknowledged.push("with first", "with second");
    },
    keepsEvents: true,
  },
  "a rerun from an activity, with a child and another activity open": {
    *main(ctx): Code {
      const first = yield ctx.callActivity("echo", 1);
      const child = ctx.callChildWorkflow("child", first);
      const slow = ctx.callActivity("slow", 2_000);
      const echo = yield ctx.callActivity("echo", 2);
      yield ctx.createTimer(1);
      return [first, yield child, yield slow, echo];
    },
    script: async (client) => {
      await client.start();
      await client.pass(120_000);
      await client.rerun(4);
    },
  },
  "another version": {
    *main(): Code {},
    script: async (client) => {
      const code = function* (ctx: WorkflowContext): Code {
        const first = yield ctx.callActivity("echo", 1);
        return [first, yield ctx.waitForExternalEvent("go"), ctx.getVersion()];
      };
      client.world.versions = ["1", "2"].map((version) => ({ name: "main", version, code, latest: version === "1" }));
      await client.start();
      await client.changeVersion("2");
      await client.raise("go", 2);
    },
    keepsEvents: true,
  },
  "a long payload, everywhere": {
    *main(ctx, input: string): Code {
      const event: string = yield ctx.waitForExternalEvent("go");
      const result: string = yield ctx.callActivity("echo", event + input);
      const child: string = yield ctx.callChildWorkflow("echo", result);
      return [event.length, result.length, child.length, child === event + input];
    },
    script: async (client) => {
      await client.start("😀".repeat(200_000));
      await client.raise("go", "é".repeat(400_000));
    },
    keepsEvents: true,
    kinds: ["reset"],
  },
};
