// The npm package @dapr/dapr, unmodified, against the Worker that `npm start` serves. Its DaprClient speaks HTTP.
import { CommunicationProtocolEnum, DaprClient, LogLevel } from "@dapr/dapr";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle, SAMPLES, type Server, serve } from "./server.ts";

const CHEAP = { itemName: "paperclip", totalCost: 500, quantity: 100 };
const DEAR = { itemName: "car", totalCost: 10_000, quantity: 2 };

let server: Server;
let client: DaprClient;

beforeAll(async () => {
  server = await serve(await bundle(SAMPLES));
  client = newClient(server.port);
});

afterAll(async () => {
  await client?.stop();
  await server?.close();
});

function newClient(port: number, daprApiToken?: string): DaprClient {
  return new DaprClient({
    daprHost: "127.0.0.1",
    daprPort: String(port),
    communicationProtocol: CommunicationProtocolEnum.HTTP,
    // It logs an error before it throws it.
    logger: { level: LogLevel.Error, service: { info() {}, warn() {}, error() {}, verbose() {}, debug() {} } },
    ...(daprApiToken !== undefined && { daprApiToken }),
  });
}

/** The client has no wait of its own: the long poll of the API, beside it. */
async function ended(instanceId: string): Promise<void> {
  await fetch(`${server.origin}/v1.0/workflows/dapr/${instanceId}?waitFor=completed&timeoutSeconds=30`);
}

/** What the client throws for an answer that is no success: an Error whose message is this as JSON. */
async function refusal(call: Promise<unknown>): Promise<{ status: number; error_msg: string }> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Error);
  return JSON.parse((error as Error).message);
}

describe("[E1] DaprClient.workflow of @dapr/dapr 3.18.0", () => {
  it("[E1.1] waits for the sidecar by GET /v1.0/metadata and finds it healthy", async () => {
    await client.start();
    expect(await client.health.isHealthy()).toBe(true);
    const metadata = await client.metadata.get();
    expect(metadata.id).toBe("edge-workflows");
  });

  it("[E1.2] runs an order to COMPLETED: scheduleNewWorkflow, getWorkflowState", async () => {
    expect(await client.workflow.scheduleNewWorkflow("orderProcessingWorkflow", CHEAP, "dapr-cheap")).toBe(
      "dapr-cheap",
    );
    await ended("dapr-cheap");
    const state = await client.workflow.getWorkflowState("dapr-cheap");
    expect(state).toEqual({
      instanceID: "dapr-cheap",
      workflowName: "orderProcessingWorkflow",
      createdAt: expect.any(Date),
      lastUpdatedAt: expect.any(Date),
      runtimeStatus: "COMPLETED",
      properties: {
        "dapr.workflow.input": JSON.stringify(CHEAP),
        "dapr.workflow.output": '{"processed":true}',
        "dapr.workflow.custom_status": "",
      },
    });
    expect(state.lastUpdatedAt.getTime()).toBeGreaterThanOrEqual(state.createdAt.getTime());
    expect(Math.abs(Date.now() - state.createdAt.getTime())).toBeLessThan(60_000);
  });

  it("[E1.3] makes an ID of its own when none is given", async () => {
    const id = await client.workflow.scheduleNewWorkflow("chaining", "Ada");
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    await ended(id);
    expect((await client.workflow.getWorkflowState(id)).properties["dapr.workflow.output"]).toBe(
      '"*** HELLO, ADA ***"',
    );
  });

  it("[E1.4] approves by raiseEvent, with the payload true and with the payload false", async () => {
    for (const [id, approval] of [
      ["dapr-yes", true],
      ["dapr-no", false],
    ] as const) {
      await client.workflow.scheduleNewWorkflow("orderProcessingWorkflow", DEAR, id);
      // The client drops falsy bodies, so `false` is written as text (JSON all the same).
      await client.workflow.raiseEvent(id, "approval_event", approval || "false");
      await ended(id);
      const { runtimeStatus, properties } = await client.workflow.getWorkflowState(id);
      expect([runtimeStatus, properties["dapr.workflow.output"]]).toEqual(["COMPLETED", `{"processed":${approval}}`]);
    }
  });

  it("[E1.5] pauses and resumes; an event raised meanwhile waits", async () => {
    const input = { question: "Lunch?", timeoutSeconds: 600 };
    await client.workflow.scheduleNewWorkflow("humanInteraction", input, "dapr-pause");
    await client.workflow.pause("dapr-pause");
    expect((await client.workflow.getWorkflowState("dapr-pause")).runtimeStatus).toBe("SUSPENDED");
    await client.workflow.raiseEvent("dapr-pause", "answer", { with: "soup" });
    expect((await client.workflow.getWorkflowState("dapr-pause")).runtimeStatus).toBe("SUSPENDED");
    await client.workflow.resume("dapr-pause");
    await ended("dapr-pause");
    const { runtimeStatus, properties } = await client.workflow.getWorkflowState("dapr-pause");
    expect([runtimeStatus, properties["dapr.workflow.output"]]).toEqual(["COMPLETED", '{"with":"soup"}']);
  });

  it("[E1.6] terminates, and purges what has ended", async () => {
    const input = { question: "Still there?", timeoutSeconds: 600 };
    await client.workflow.scheduleNewWorkflow("humanInteraction", input, "dapr-end");
    expect(await refusal(client.workflow.purge("dapr-end"))).toMatchObject({ status: 500 });
    await client.workflow.terminate("dapr-end");
    await ended("dapr-end");
    expect((await client.workflow.getWorkflowState("dapr-end")).runtimeStatus).toBe("TERMINATED");
    await client.workflow.purge("dapr-end");
    expect(await refusal(client.workflow.getWorkflowState("dapr-end"))).toMatchObject({ status: 404 });
  });

  it("[E1.7] throws on an unknown ID: an Error whose message is JSON with the status and Dapr's body", async () => {
    const found = await refusal(client.workflow.getWorkflowState("dapr-unknown"));
    expect(found).toEqual({ error: "Not Found", status: 404, error_msg: expect.any(String) });
    expect(JSON.parse(found.error_msg)).toEqual({
      errorCode: "ERR_INSTANCE_ID_NOT_FOUND",
      message: "unable to find workflow with the provided instance ID: dapr-unknown",
    });
    expect((await refusal(client.workflow.terminate("dapr-unknown"))).status).toBe(404);
    expect((await refusal(client.workflow.purge("dapr-unknown"))).status).toBe(404);
    expect((await refusal(client.workflow.pause("dapr-unknown"))).status).toBe(500);
    expect((await refusal(client.workflow.resume("dapr-unknown"))).status).toBe(500);
    expect((await refusal(client.workflow.raiseEvent("dapr-unknown", "answer", 1))).status).toBe(500);
  });

  it("[E1.8] is refused a second start under the ID of an instance that runs", async () => {
    const input = { question: "Twice?", timeoutSeconds: 600 };
    await client.workflow.scheduleNewWorkflow("humanInteraction", input, "dapr-twice");
    const { status, error_msg } = await refusal(
      client.workflow.scheduleNewWorkflow("humanInteraction", input, "dapr-twice"),
    );
    expect(status).toBe(500);
    expect(JSON.parse(error_msg).errorCode).toBe("ERR_START_WORKFLOW");
    await client.workflow.terminate("dapr-twice");
  });

  it("[E1.9] serves the deprecated start, get and raise", async () => {
    expect(await client.workflow.start("orderProcessingWorkflow", DEAR, "dapr-old")).toBe("dapr-old");
    await client.workflow.raise("dapr-old", "approval_event", true);
    await ended("dapr-old");
    const { runtimeStatus, properties } = await client.workflow.get("dapr-old");
    expect([runtimeStatus, properties["dapr.workflow.output"]]).toEqual(["COMPLETED", '{"processed":true}']);
  });

  it("[E1.10] passes with its daprApiToken where the server has a token", async () => {
    const guarded = await serve(await bundle(SAMPLES), { variables: { DAPR_API_TOKEN: "open sesame" } });
    const insider = newClient(guarded.port, "open sesame");
    try {
      await insider.start();
      await insider.workflow.scheduleNewWorkflow("chaining", "Ada", "dapr-token");
      expect((await insider.workflow.getWorkflowState("dapr-token")).workflowName).toBe("chaining");
      const response = await fetch(`${guarded.origin}/v1.0/metadata`);
      expect(response.status).toBe(401);
    } finally {
      await insider.stop();
      await guarded.close();
    }
  });
});
