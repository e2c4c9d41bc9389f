// [A12] What constructors and registration make of their options, and how a client inside the Worker finds a function.
import { afterEach, describe, expect, it } from "vitest";
import { setInProcessFetch } from "../../../src/authoring/http-endpoint.ts";
import { DaprWorkflowClient, WorkflowRuntime } from "../../../src/client.ts";
import { CommunicationProtocolEnum, DaprClient } from "../../../src/dapr.ts";
import { WorkflowTestEnvironment } from "../../../src/testing.ts";

// biome-ignore lint/suspicious/noExplicitAny: what an author without types hands in
type Any = any;
type Made = { new (options?: Any): object; readonly name: string };

const classes: [string, Made][] = [
  ["DaprWorkflowClient", DaprWorkflowClient],
  ["WorkflowRuntime", WorkflowRuntime],
  ["DaprClient", DaprClient],
];

describe("[A12] Options of clients and runtimes", () => {
  it.each(classes)("[A12.1] new %s takes all of Dapr's, and null", (_, Class) => {
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

  it.each(classes)("[A12.2] new %s refuses what it does not know, and tells the near one", (name, Class) => {
    expect(() => new Class({ daprhost: "x" })).toThrow(
      `unknown option daprhost of new ${name}, did you mean daprHost? Known: daprHost, daprPort, `,
    );
    expect(() => new Class("localhost")).toThrow(`new ${name}: options are an object, found "localhost"`);
    expect(() => new Class({ daprPort: 70_000 })).toThrow(`new ${name}: daprPort is a port, such as 3500, found 70000`);
  });

  it.each(classes)("[A12.3] new %s shows no token in an error", (_, Class) => {
    const message = messageOf(() => new Class({ daprApiToken: { value: "hush" } }));
    expect(message).toMatch(/daprApiToken is a string, found an object$/);
    expect(messageOf(() => new Class({ headers: { authorization: ["hush"] } }))).not.toMatch(/hush/);
  });

  it("[A12.4] a version's options, too", () => {
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

describe("[A13] A workflow that is started by its function", () => {
  const one = { order: () => "ONE" };
  const two = { order: () => "TWO" };
  const runtime = () => new WorkflowRuntime().registerWorkflow(one.order).registerWorkflowWithName("second", two.order);
  const ended = async (env: WorkflowTestEnvironment, workflow: () => string) => {
    const id = await env.client.scheduleNewWorkflow(workflow);
    return (await env.client.waitForWorkflowCompletion(id))?.serializedOutput;
  };
  afterEach(() => setInProcessFetch(undefined));

  it("[A13.1] in the test kit it is that one, whatever its name", async () => {
    const env = new WorkflowTestEnvironment(runtime());
    expect([await ended(env, one.order), await ended(env, two.order)]).toEqual(['"ONE"', '"TWO"']);
    const three = { order: () => "THREE" };
    await expect(ended(env, three.order)).rejects.toThrow("The workflow 'order' is registered with another function");
  });

  it("[A13.2] inside the Worker alike; another server is asked by name", async () => {
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

  it("[A13.3] a mock, a failure and the calls of an activity are of the function, too", async () => {
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
