import { describe, expect, it } from "vitest";
import {
  DaprWorkflowClient,
  declareQuery,
  declareUpdate,
  declareWorkflow,
  type PayloadConverter,
  type Task,
  type WorkflowActivityContext,
  type WorkflowContext,
  WorkflowRuntime,
} from "../../../src/client.ts";
import { replayHistory, WorkflowTestEnvironment } from "../../../src/testing.ts";
import { describeInstance, endOf, makeWorld, start } from "../instance/support.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a yield gives is the test's own affair
type Code = Generator<Task<any>, any, any>;
const retry = { maxNumberOfAttempts: 5, firstRetryInterval: 1 };

describe("[J7] a result that is no JSON fails its call once", () => {
  it("[J7] an activity with five attempts is called once, and its workflow hears where", async () => {
    const charge = () => ({ receipt: 10n });
    function* order(ctx: WorkflowContext): Code {
      return yield ctx.callActivity("charge", 1, { retry });
    }
    const runtime = new WorkflowRuntime().registerWorkflow(order).registerActivityWithName("charge", charge);
    const env = new WorkflowTestEnvironment(runtime);
    const id = await env.client.scheduleNewWorkflow(order);
    const failure = (await env.client.waitForWorkflowCompletion(id))?.workflowFailureDetails;
    expect(env.calls("charge")).toHaveLength(1);
    expect(failure?.getErrorMessage()).toMatch(
      /^\S+: activity 'charge': Activity task #1 failed: activity 'charge': result\.receipt is a BigInt, which JSON cannot hold: write String\(value\)/,
    );
    expect(failure?.getInnerFailure()?.getErrorType()).toBe("TypeError");
  });

  it("[J7] a child too", async () => {
    let runs = 0;
    function* kid(): Code {
      runs++;
      return new Map();
    }
    function* parent(ctx: WorkflowContext): Code {
      return yield ctx.callChildWorkflow(kid, 1, { instanceId: "kid", retry });
    }
    const env = new WorkflowTestEnvironment(new WorkflowRuntime().registerWorkflow(parent).registerWorkflow(kid));
    const id = await env.client.scheduleNewWorkflow(parent);
    const state = await env.client.waitForWorkflowCompletion(id);
    expect(state?.workflowFailureDetails?.getErrorMessage()).toContain("workflow 'kid': result is a Map");
    expect((await env.client.getWorkflowState("kid", true))?.workflowFailureDetails?.getErrorType()).toBe("TypeError");
    expect(runs).toBe(1);
  });

  it("[J7] what a client is given to send, before anything is sent; and details of a heartbeat", async () => {
    const sent: string[] = [];
    const fetch = async (request: Request) => {
      sent.push(request.url);
      return new Response("{}");
    };
    const client = new DaprWorkflowClient({ daprHost: "http://x", daprPort: "1", fetch });
    const bad = { at: [1n] };
    await expect(client.scheduleNewWorkflow("w", bad)).rejects.toThrow("workflow 'w': input.at[0] is a BigInt");
    await expect(client.raiseEvent("i", "e", bad)).rejects.toThrow("event 'e': payload.at[0] is a BigInt");
    await expect(client.updateWorkflow("i", "u", bad)).rejects.toThrow("update 'u': input.at[0] is a BigInt");
    await expect(client.queryWorkflow("i", "q", bad)).rejects.toThrow("query 'q': input.at[0] is a BigInt");
    await expect(client.terminateWorkflow("i", bad)).rejects.toThrow("terminateWorkflow 'i': output.at[0] is a BigInt");
    expect(sent).toEqual([]);

    const beat = (ctx: WorkflowActivityContext) => ctx.heartbeat(bad);
    function* beats(ctx: WorkflowContext): Code {
      yield ctx.callActivity(beat);
    }
    const env = new WorkflowTestEnvironment(new WorkflowRuntime().registerWorkflow(beats).registerActivity(beat));
    const state = await env.client.waitForWorkflowCompletion(await env.client.scheduleNewWorkflow(beats));
    expect(state?.workflowFailureDetails?.getErrorMessage()).toContain(
      "heartbeat of activity 'beat': details.at[0] is a BigInt",
    );
  });
});

describe("[J8] payloads of instances", () => {
  it("[J8] null is null for who waits for it, and in the answer", async () => {
    const world = makeWorld();
    world.activity("find", () => null);
    world.activity("nothing", () => undefined);
    world.workflow("none", () => null);
    world.workflow("asks", function* (ctx) {
      const results: unknown[] = yield ctx.whenAll([
        ctx.callActivity("find"),
        ctx.callActivity("nothing"),
        ctx.callChildWorkflow("none"),
      ]);
      return results.map(String);
    });
    await start(world, "a", "asks");
    expect(await endOf(world, "a")).toEqual(["COMPLETED", ["null", "undefined", "null"]]);
    expect((await describeInstance(world, "a:0003"))?.output).toBe("null");
  });

  it("[J8] a byte order mark is stored as it was sent, and not in what the code gets", async () => {
    const world = makeWorld();
    const input = '\ufeff{"a":1}';
    await start(world, "a", "echo", undefined, { input });
    expect(await endOf(world, "a")).toEqual(["COMPLETED", { a: 1 }]);
    expect((await describeInstance(world, "a"))?.input).toBe(input);
  });
});

/** Any nesting of plain data, Map, Date and BigInt. */
const rich: PayloadConverter = {
  encode(value) {
    const tagged = (one: unknown): unknown => {
      if (typeof one === "bigint") return { $: "n", v: String(one) };
      if (one instanceof Date) return { $: "d", v: one.getTime() };
      if (one instanceof Map) return { $: "m", v: [...one].map((pair) => pair.map(tagged)) };
      if (Array.isArray(one)) return one.map(tagged);
      if (typeof one !== "object" || one === null) return one;
      return Object.fromEntries(Object.entries(one).map(([key, of]) => [key, tagged(of)]));
    };
    return JSON.stringify(tagged(value));
  },
  decode: (text) =>
    JSON.parse(text, (_, one) => {
      if (one?.$ === "n") return BigInt(one.v);
      if (one?.$ === "d") return new Date(one.v);
      return one?.$ === "m" ? new Map(one.v) : one;
    }),
};

describe("[J9] a payload converter reaches every place", () => {
  const value = () => ({ map: new Map([["n", 5n]]), at: new Date(0) });
  const seen: [string, unknown][] = [];
  const note = (where: string, found: unknown) => {
    seen.push([where, found]);
    return found;
  };
  const declared = declareWorkflow<unknown, unknown>("whole");
  const peek = declareQuery<unknown, unknown>("peek");
  const put = declareUpdate<unknown, unknown>("put");
  function activity(ctx: WorkflowActivityContext, input: unknown): unknown {
    note("activity input", input);
    if (ctx.getAttemptNumber() === 1) {
      ctx.heartbeat(value());
      throw new Error("again");
    }
    note("heartbeat", ctx.getLastHeartbeatDetails());
    return value();
  }
  function* child(_ctx: WorkflowContext, input: unknown): Code {
    note("child input", input);
    return value();
  }
  function* whole(ctx: WorkflowContext, input: { again: boolean; value: unknown }): Code {
    note(input.again ? "next input" : "input", input.value);
    if (!input.again) return ctx.continueAsNew({ again: true, value: value() });
    ctx.setQueryHandler(peek, (asked) => [note("query input", asked), value()]);
    ctx.setUpdateHandler(put, (asked) => [note("update input", asked), value()]);
    ctx.setCustomStatus(value());
    note("activity result", yield ctx.callActivity(activity, value(), { retry }));
    note("child result", yield ctx.callChildWorkflow(child, value()));
    ctx.sendEvent(ctx.getWorkflowInstanceId(), "sent", value());
    note("sent event", yield ctx.waitForExternalEvent("sent"));
    note("raised event", yield ctx.waitForExternalEvent("raised"));
    ctx.scheduleNewWorkflow(child, value());
    return value();
  }
  const runtimeWith = (payloadConverter: PayloadConverter | null) =>
    new WorkflowRuntime({ payloadConverter })
      .registerWorkflow(child)
      .registerWorkflowWithName("whole", whole)
      .registerActivity(activity);

  it("[J9] of the runtime, of its test kit and its client, over restarts, and in a replay of its history", async () => {
    seen.length = 0;
    const env = new WorkflowTestEnvironment(runtimeWith(rich));
    const id = await env.client.scheduleNewWorkflow(declared, { again: false, value: value() }, "i");
    await env.advance(10);
    expect(await env.client.queryWorkflow(id, peek, value())).toEqual([value(), value()]);
    await env.restart();
    expect(await env.client.updateWorkflow(id, put, value())).toEqual([value(), value()]);
    await env.client.raiseEvent(id, "raised", value());
    expect(await env.client.waitForWorkflowResult(declared, id)).toEqual(value());
    await env.idle();
    expect(
      seen.filter(([, found]) => JSON.stringify(rich.encode(found)) !== JSON.stringify(rich.encode(value()))),
    ).toEqual([]);
    expect(new Set(seen.map(([where]) => where)).size).toBe(11);
    expect(JSON.parse((await env.client.getWorkflowState(id, true))?.customStatus ?? "")).toMatchObject({
      at: { $: "d" },
    });
    expect(await replayHistory(runtimeWith(rich), env.history(id))).toMatchObject({ state: "ended" });
  });

  it("[J9] without it the same is refused", async () => {
    const env = new WorkflowTestEnvironment(runtimeWith(null));
    const input = { again: false, value: 1 };
    const state = await env.client.waitForWorkflowCompletion(await env.client.scheduleNewWorkflow("whole", input));
    expect(state?.workflowFailureDetails?.getErrorMessage()).toContain("continueAsNew: input.value.map is a Map");
  });

  it("[J9] a terminate's output, by a client's own converter", async () => {
    const bodies: string[] = [];
    const fetch = async (request: Request) => {
      bodies.push(await request.text());
      return new Response("{}", { status: 202 });
    };
    const client = new DaprWorkflowClient({ daprHost: "http://x", daprPort: "1", fetch, payloadConverter: rich });
    await client.terminateWorkflow("i", 5n, { reason: "enough" });
    await client.terminateWorkflow("i");
    expect(bodies).toEqual(['{"output":{"$":"n","v":"5"},"reason":"enough"}', '{"output":null}']);
  });

  it("[J9] is two functions, or nothing", () => {
    const half = { encode: JSON.stringify } as unknown as PayloadConverter;
    for (const make of [
      () => new WorkflowRuntime({ payloadConverter: half }),
      () => new DaprWorkflowClient({ payloadConverter: half }),
    ])
      expect(make).toThrow("payloadConverter is an object with two functions, encode(value) and decode(text), found");
  });
});
