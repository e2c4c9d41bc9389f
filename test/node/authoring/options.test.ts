// [A21] What constructors and registration make of their options, and how a client inside the Worker finds a function.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { setStateStores } from "../../../src/authoring/dapr/dapr-state.ts";
import { setInProcessFetch } from "../../../src/authoring/http-endpoint.ts";
import { DaprWorkflowClient, WorkflowRuntime } from "../../../src/client.ts";
import { CommunicationProtocolEnum, DaprClient } from "../../../src/dapr.ts";
import { replayHistory, WorkflowTestEnvironment } from "../../../src/testing.ts";

// biome-ignore lint/suspicious/noExplicitAny: what an author without types hands in
type Any = any;
type Made = { new (options?: Any): object; readonly name: string };

const classes: [string, Made][] = [
  ["DaprWorkflowClient", DaprWorkflowClient],
  ["WorkflowRuntime", WorkflowRuntime],
  ["DaprClient", DaprClient],
];

describe("[A21] Options of clients and runtimes", () => {
  it.each(classes)("[A21.1] new %s takes all of Dapr's, and null", (_, Class) => {
    const all = {
      daprHost: "localhost",
      daprPort: "3500",
      daprApiToken: "secret",
      logger: { level: 0 },
      grpcOptions: {},
      communicationProtocol: CommunicationProtocolEnum.GRPC,
      isKeepAlive: true,
      actor: {},
      maxBodySizeMb: 4,
    };
    const nulls = Object.fromEntries(Object.keys(all).map((name) => [name, null]));
    for (const options of [all, { ...all, daprPort: 3500 }, nulls, {}, null, undefined]) new Class(options);
  });

  it.each(classes)("[A21.2] new %s refuses what it does not know, and tells the near one", (name, Class) => {
    expect(() => new Class({ daprhost: "x" })).toThrow(
      `unknown option daprhost of new ${name}, did you mean daprHost? Known: daprHost, daprPort, `,
    );
    expect(() => new Class("localhost")).toThrow(`new ${name}: options are an object, found "localhost"`);
    expect(() => new Class({ daprPort: 70_000 })).toThrow(`new ${name}: daprPort is a port, such as 3500, found 70000`);
  });

  it.each(classes)("[A21.3] new %s shows no token in an error", (_, Class) => {
    const message = messageOf(() => new Class({ daprApiToken: { value: "hush" } }));
    expect(message).toMatch(/daprApiToken is a string, found an object$/);
    expect(messageOf(() => new Class({ headers: { authorization: ["hush"] } }))).not.toMatch(/hush/);
  });

  it("[A21.5] DaprClient refuses what DaprWorkflowClient has beyond Dapr, and does not take it in vain", () => {
    const converter = { encode: () => undefined, decode: JSON.parse };
    const beyond = { payloadConverter: converter, basePath: "/x", fetch, headers: {}, appId: "a" };
    new DaprWorkflowClient(beyond);
    for (const [name, value] of Object.entries(beyond))
      expect(() => new DaprClient({ [name]: value } as Any)).toThrow(`unknown option ${name} of new DaprClient`);
  });

  it("[A21.4] a version's options, too", () => {
    const register = (options: Any) => new WorkflowRuntime().registerVersionedWorkflow("w", "v1", () => 1, options);
    for (const options of [null, undefined, {}, { latest: null }, { latest: true }]) register(options);
    expect(() => register({ isLatest: true })).toThrow(
      "unknown option isLatest of registerVersionedWorkflow 'w', did you mean latest? Known: latest",
    );
    expect(() => register({ latest: "yes" })).toThrow(
      "registerVersionedWorkflow 'w': latest is true or false, found \"yes\"",
    );
    expect(() => register(true)).toThrow(
      "registerVersionedWorkflow 'w': options are an object, found true. Known: latest",
    );
  });
});

describe("[A23] Options of what clients call", () => {
  const nobody = new DaprWorkflowClient({ fetch: async () => Promise.reject(new Error("was sent")) });
  const { workflow, state } = new DaprClient() as Any;
  const client = nobody as Any;

  it.each<[string, () => Promise<unknown>, string]>([
    [
      "options for a flag",
      () => client.waitForWorkflowCompletion("i", { timeoutInSeconds: 5 }),
      "waitForWorkflowCompletion 'i': fetchPayloads is true or false, found {\"timeoutInSeconds\":5}",
    ],
    [
      "a timeout that is a text",
      () => client.waitForWorkflowStart("i", true, "5"),
      "waitForWorkflowStart 'i': timeoutInSeconds is a number of seconds from 0, found \"5\"",
    ],
    [
      "a number for a flag",
      () => client.getWorkflowState("i", 1),
      "getWorkflowState 'i': fetchPayloads is true or false, found 1",
    ],
    [
      "an ID that is a number",
      () => client.scheduleNewWorkflow("w", 1, 4711),
      "scheduleNewWorkflow 'w': options are an object, found 4711. Known: instanceId, startAt",
    ],
    [
      "a time in the place of the ID",
      () => client.scheduleNewWorkflow("w", 1, new Date(0)),
      "scheduleNewWorkflow 'w': options are a plain object, found \"1970-01-01T00:00:00.000Z\". Known: instanceId, startAt",
    ],
    [
      "a time that is a text, also behind another one",
      () => client.scheduleNewWorkflow("w", 1, { startAt: new Date(0) }, "now"),
      "scheduleNewWorkflow 'w': startAt is a Date that is valid, found \"now\"",
    ],
    ["an ID that is no text", () => client.getWorkflowState(5n), "that a URL can hold, found 5n"],
    [
      "a foreign name",
      () => client.scheduleNewWorkflow("w", 1, { workflowId: "x" }),
      "unknown option workflowId of scheduleNewWorkflow 'w', did you mean instanceId? Known: instanceId, startAt",
    ],
    [
      "a time that is a text",
      () => client.scheduleNewWorkflow("w", 1, null, "now"),
      "scheduleNewWorkflow 'w': startAt is a Date that is valid, found \"now\"",
    ],
    [
      "purge of what recursive means",
      () => client.purgeWorkflow("i", { recursive: false }),
      "unknown option recursive of purgeWorkflow 'i', did you mean nonRecursive?",
    ],
    [
      "a page of no events",
      () => client.getWorkflowHistoryPage("i", { limit: 0 }),
      "getWorkflowHistoryPage 'i': limit is a whole number from 1 to 10000, found 0",
    ],
    [
      "an update's timeout",
      () => client.updateWorkflow("i", "u", 1, { timeout: 5 }),
      "unknown option timeout of updateWorkflow 'i', did you mean timeoutInSeconds? Known: updateId, timeoutInSeconds",
    ],
    [
      "DaprClient.workflow's content type",
      () => workflow.scheduleNewWorkflow("w", 1, "i", { contenttype: "x" }),
      "unknown option contenttype of scheduleNewWorkflow 'w', did you mean contentType?",
    ],
    [
      "its ID",
      () => workflow.scheduleNewWorkflow("w", 1, 4711),
      "scheduleNewWorkflow 'w': instanceId is a string, found 4711",
    ],
    [
      "its event's",
      () => workflow.raiseEvent("i", "e", 1, { contentType: "x" }),
      "unknown option contentType of raiseEvent 'e', did you mean eventContentType?",
    ],
    ["an ID that no URL holds", () => workflow.purge(".."), 'that a URL can hold, found ".."'],
    [
      "an etag of a delete",
      () => state.delete("s", "k", { eTag: "1" }),
      "unknown option eTag of state.delete, did you mean etag?",
    ],
    [
      "of a save",
      () => state.save("s", [{ key: "k", value: 1, eTag: "1" }]),
      "unknown option eTag of state.save, did you mean etag?",
    ],
    [
      "and of a transaction",
      () => state.transaction("s", [{ operation: "upsert", request: { key: "k", etag: 1 } }]),
      'state.transaction: request.etag is a string, or an object such as { value: "1" }, found 1',
    ],
  ])("[A23.1] %s is refused before anything is sent", async (_, call, message) => {
    await expect(call()).rejects.toThrow(message);
  });

  it("[A23.2] null is what is left out", async () => {
    const asked: string[] = [];
    const fetch = async (request: Request) => {
      asked.push(new URL(request.url).search);
      return Response.json({ instanceID: "i", runtimeStatus: "COMPLETED", createdAt: "", lastUpdatedAt: "" });
    };
    const answered = new DaprWorkflowClient({ fetch }) as Any;
    await answered.scheduleNewWorkflow("w", null, null, null);
    await answered.scheduleNewWorkflow("w", null, "");
    await answered.getWorkflowState("i", null);
    await answered.waitForWorkflowCompletion("i", null, null);
    await answered.purgeWorkflow("i", null);
    await answered.purgeWorkflow("i", { force: null, nonRecursive: null, reason: null });
    await answered.suspendWorkflow("i", null);
    const uuid = expect.stringMatching(/^\?instanceID=[0-9a-f]{8}-[0-9a-f-]{27}$/);
    const wait = "?fetchPayloads=true&waitFor=completed&timeoutSeconds=30";
    expect(asked).toEqual([uuid, uuid, "?fetchPayloads=true", wait, "", "", ""]);
    const changes: unknown[] = [];
    setStateStores({
      get: async () => [],
      change: async (_, all) => changes.push(...all) > 0,
    });
    await state.save("s", [{ key: "k", value: 1, etag: null }], null);
    await state.delete("s", "k", null);
    await state.transaction("s", null, null);
    expect(changes.map((change) => (change as { etag?: unknown }).etag)).toEqual([undefined, undefined]);
    expect(await state.get("s", "k", null)).toBe("");
  });
});

describe("[A16] Values of DaprClient.state", () => {
  const { state } = new DaprClient();
  const saved: unknown[] = [];
  const both = (value: unknown) => [
    () => state.save("s", [{ key: "k", value }]),
    () => state.transaction("s", [{ operation: "upsert", request: { key: "k", value } }]),
  ];
  beforeEach(() => {
    saved.length = 0;
    setStateStores({ get: async () => [], change: async (_, all) => saved.push(...all.map(({ value }) => value)) > 0 });
  });

  it.each<[string, unknown, string]>([
    ["a Map", { items: new Map([[1, 2]]) }, "value.items is a Map"],
    ["a promise", Promise.resolve(1), "value is a Promise"],
    ["a BigInt", [5n], "value[0] is a BigInt"],
    ["a function, which would delete the key", () => 1, "value is a function"],
  ])("[A16] %s is refused, and nothing is written", async (_, value, what) => {
    for (const write of both(value)) await expect(write()).rejects.toThrow(`DaprClient.state, key 'k': ${what}`);
    expect(saved).toEqual([]);
  });

  it("[A16] what JSON holds is written as JSON, and null where there is no value", async () => {
    const values = [{ a: 1, at: new Date(0) }, null, undefined, { toJSON: () => undefined }, "", 0];
    for (const value of values) for (const write of both(value)) await write();
    const texts = ['{"a":1,"at":"1970-01-01T00:00:00.000Z"}', "null", "null", "null", '""', "0"];
    expect(saved).toEqual(texts.flatMap((text) => [text, text]));
  });
});

describe("[A24] Options of the test kit's calls", () => {
  const env = new WorkflowTestEnvironment(new WorkflowRuntime().registerActivityWithName("a", () => 1)) as Any;

  it("[A24.1] of injected failures", () => {
    for (const options of [null, undefined, {}, { times: null }, { times: 2, error: new Error("x") }])
      env.failActivity("a", options);
    expect(() => env.failActivity("a", { time: 3 })).toThrow(
      "unknown option time of failActivity 'a', did you mean times? Known: times, error",
    );
    expect(() => env.failActivity("a", { times: -1 })).toThrow(
      "failActivity 'a': times is a whole number from 0, found -1",
    );
  });

  it("[A24.2] of waits", async () => {
    await expect(env.client.waitForWorkflowCompletion("i", "yes")).rejects.toThrow(
      "waitForWorkflowCompletion 'i': fetchPayloads is true or false, found \"yes\"",
    );
    await expect(env.client.waitForWorkflowStart("i", true, "5")).rejects.toThrow(
      "waitForWorkflowStart 'i': timeoutInSeconds is a number of seconds from 0, found \"5\"",
    );
    expect(await env.client.waitForWorkflowCompletion("i", null, null)).toBe(undefined);
  });

  it("[A24.4] a runtime is one, and its options may be left out", async () => {
    new WorkflowTestEnvironment(new WorkflowRuntime(), null);
    for (const none of [undefined, null, {}, { registry: {} }, new DaprWorkflowClient()] as Any[]) {
      expect(() => new WorkflowTestEnvironment(none)).toThrow(
        "WorkflowTestEnvironment takes a WorkflowRuntime, found ",
      );
      await expect(env.useRuntime(none)).rejects.toThrow("env.useRuntime takes a WorkflowRuntime, found ");
      await expect(replayHistory(none, [])).rejects.toThrow("replayHistory takes a WorkflowRuntime, found ");
    }
  });

  it("[A24.3] of starts and updates, which its client reads as the other one does", async () => {
    const fetch = async () => expect.unreachable();
    const clients = [env.client, new DaprWorkflowClient({ fetch }) as Any];
    const refusals: [string, (client: Any) => Promise<unknown>][] = [
      ["options are a plain object, found", (client) => client.scheduleNewWorkflow("w", 1, new Date(0))],
      ["options are an object, found 0", (client) => client.scheduleNewWorkflow("w", 1, 0)],
      ["options are an object, found false", (client) => client.scheduleNewWorkflow("w", 1, false)],
      ["options are an object, found 5", (client) => client.updateWorkflow("i", "u", 1, 5)],
      ['found "5"', (client) => client.updateWorkflow("i", "u", 1, { timeoutInSeconds: "5" })],
      ["updateId is a string, found 5", (client) => client.updateWorkflow("i", "u", 1, { updateId: 5 })],
      ["unknown option timeout of updateWorkflow", (client) => client.updateWorkflow("i", "u", 1, { timeout: 5 })],
    ];
    for (const client of clients)
      for (const [message, call] of refusals) await expect(call(client)).rejects.toThrow(message);
    const started = Object.assign(Object.create({ instanceId: "inherited" }), { startAt: null });
    expect(await env.client.scheduleNewWorkflow("w", 1, started)).toBe("inherited");
  });
});

describe("[A22] A workflow that is started by its function", () => {
  const one = { order: () => "ONE" };
  const two = { order: () => "TWO" };
  const runtime = () => new WorkflowRuntime().registerWorkflow(one.order).registerWorkflowWithName("second", two.order);
  const ended = async (env: WorkflowTestEnvironment, workflow: () => string) => {
    const id = await env.client.scheduleNewWorkflow(workflow);
    return (await env.client.waitForWorkflowCompletion(id))?.serializedOutput;
  };
  afterEach(() => setInProcessFetch(undefined));

  it("[A22.1] in the test kit it is that one, whatever its name", async () => {
    const env = new WorkflowTestEnvironment(runtime());
    expect([await ended(env, one.order), await ended(env, two.order)]).toEqual(['"ONE"', '"TWO"']);
    const three = { order: () => "THREE" };
    await expect(ended(env, three.order)).rejects.toThrow("The workflow 'order' is registered with another function");
  });

  it("[A22.2] inside the Worker alike; another server is asked by name", async () => {
    const asked: string[] = [];
    const send = async (request: Request) => {
      asked.push(new URL(request.url).pathname);
      return Response.json({ instanceID: "i" }, { status: 202 });
    };
    const { registry } = runtime();
    setInProcessFetch(send, (workflow) => registry.workflowName(workflow));
    await new DaprWorkflowClient().scheduleNewWorkflow(two.order);
    await new DaprWorkflowClient({ fetch: send }).scheduleNewWorkflow(two.order);
    await new DaprWorkflowClient().scheduleNewWorkflow("order");
    expect(asked.map((path) => path.replace("/v1.0/workflows/dapr", ""))).toEqual([
      "/second/start",
      "/order/start",
      "/order/start",
    ]);
  });

  it("[A22.3] a mock, a failure and the calls of an activity are of the function, too", async () => {
    const mail = { send: () => "MAIL" };
    const sms = { send: () => "SMS" };
    const code = new WorkflowRuntime()
      .registerActivity(mail.send)
      .registerActivityWithName("text", sms.send)
      .registerWorkflowWithName("w", async function* (ctx) {
        return [yield* ctx.callActivity(mail.send), yield* ctx.callActivity(sms.send)];
      });
    const env = new WorkflowTestEnvironment(code);
    env.mockActivity(sms.send, () => "MOCK");
    const id = await env.client.scheduleNewWorkflow("w");
    expect((await env.client.waitForWorkflowCompletion(id))?.serializedOutput).toBe('["MAIL","MOCK"]');
    expect([env.calls(mail.send).length, env.calls(sms.send).length, env.calls("text").length]).toEqual([1, 1, 1]);
  });
});

function messageOf(run: () => unknown): string {
  try {
    run();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}
