// Our own DaprWorkflowClient in Node, over HTTP.
import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DaprWorkflowClient, TimeoutError, WorkflowApiError, WorkflowRuntimeStatus } from "../../../src/client.ts";
import { Host } from "../crash/processes.ts";
import { Recorder } from "../crash/recorder.ts";
import { freePort } from "./npm.ts";
import { type Bundle, bundle, SAMPLES, type Server, serve, temporaryDirectory, until } from "./server.ts";

const TOKEN = "correct horse battery staple";
const QUESTION = { question: "Well?", timeoutSeconds: 600 };

let samples: Bundle;
let server: Server;
let client: DaprWorkflowClient;

beforeAll(async () => {
  samples = await bundle(SAMPLES);
  server = await serve(samples);
  client = new DaprWorkflowClient({ daprHost: "127.0.0.1", daprPort: String(server.port) });
});

afterAll(async () => {
  await client?.stop();
  await server?.close();
});

describe("[E2] DaprWorkflowClient in Node, over HTTP", () => {
  it("[E2.1] schedules and waits: the completed state has everything", async () => {
    const before = Date.now();
    const id = await client.scheduleNewWorkflow("chaining", "Grace", "ours-1");
    expect(id).toBe("ours-1");
    const state = await client.waitForWorkflowCompletion(id);
    expect(state?.runtimeStatus).toBe(WorkflowRuntimeStatus.COMPLETED);
    expect(state?.name).toBe("chaining");
    expect(state?.instanceId).toBe("ours-1");
    expect(state?.serializedInput).toBe('"Grace"');
    expect(state?.serializedOutput).toBe('"*** HELLO, GRACE ***"');
    expect(state?.workflowFailureDetails).toBeUndefined();
    expect(state?.createdAt.getTime()).toBeGreaterThanOrEqual(before);
    expect(state?.lastUpdatedAt.getTime()).toBeGreaterThanOrEqual(Number(state?.createdAt.getTime()));
  });

  it("[E2.2] takes a function for its name, makes a UUID, and leaves payloads out when told", async () => {
    function chaining() {}
    const id = await client.scheduleNewWorkflow(chaining, "Alan");
    expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect((await client.waitForWorkflowStart(id, false))?.runtimeStatus).not.toBe(WorkflowRuntimeStatus.PENDING);
    const state = await client.waitForWorkflowCompletion(id, false);
    expect([state?.serializedInput, state?.serializedOutput]).toEqual([undefined, undefined]);
    expect((await client.getWorkflowState(id, true))?.serializedOutput).toBe('"*** HELLO, ALAN ***"');
  });

  it("[E2.3] raises, suspends, resumes, and reads its own writes", async () => {
    const id = await client.scheduleNewWorkflow("humanInteraction", QUESTION, "ours-3");
    await client.suspendWorkflow(id);
    expect((await client.getWorkflowState(id, true))?.runtimeStatus).toBe(WorkflowRuntimeStatus.SUSPENDED);
    await client.raiseEvent(id, "ANSWER", ["any", "case"]);
    expect((await client.getWorkflowState(id, true))?.runtimeStatus).toBe(WorkflowRuntimeStatus.SUSPENDED);
    await client.resumeWorkflow(id);
    const state = await client.waitForWorkflowCompletion(id);
    expect(state?.serializedOutput).toBe('["any","case"]');
    expect(state?.customStatus).toBe("Well?");
  });

  it("[E2.4] passes on every JSON value as the payload of an event", async () => {
    for (const [index, payload] of [0, false, "", null, undefined, { deep: [1] }].entries()) {
      const id = await client.scheduleNewWorkflow("humanInteraction", QUESTION, `ours-4-${index}`);
      await client.raiseEvent(id, "answer", payload);
      const state = await client.waitForWorkflowCompletion(id);
      // No payload is sent as null, and null stays null.
      const expected = JSON.stringify(payload ?? null);
      expect(state?.serializedOutput).toBe(expected);
    }
  });

  it("[E2.5] terminates with an output, and purges once", async () => {
    const id = await client.scheduleNewWorkflow("humanInteraction", QUESTION, "ours-5");
    await expect(client.purgeWorkflow(id)).rejects.toMatchObject({ status: 500, errorCode: "ERR_PURGE_WORKFLOW" });
    await client.terminateWorkflow(id, { because: "of rain" });
    const state = await client.waitForWorkflowCompletion(id);
    expect(state?.runtimeStatus).toBe(WorkflowRuntimeStatus.TERMINATED);
    expect(state?.serializedOutput).toBe('{"because":"of rain"}');
    expect(await client.purgeWorkflow(id)).toBe(true);
    expect(await client.purgeWorkflow(id)).toBe(false);
    expect(await client.getWorkflowState(id, true)).toBeUndefined();
    expect(await client.waitForWorkflowCompletion(id)).toBeUndefined();
  });

  it("[E2.6] starts at the given time and not before: PENDING until then", async () => {
    const startAt = new Date(Date.now() + 1_500);
    const id = await client.scheduleNewWorkflow("chaining", "later", "ours-6", startAt);
    expect((await client.getWorkflowState(id, true))?.runtimeStatus).toBe(WorkflowRuntimeStatus.PENDING);
    const state = await client.waitForWorkflowStart(id, true, 20);
    expect(Date.now()).toBeGreaterThanOrEqual(startAt.getTime());
    expect(state?.name).toBe("chaining");
    const ended = await client.waitForWorkflowCompletion(id);
    expect(ended?.serializedOutput).toBe('"*** HELLO, LATER ***"');
    expect(ended?.lastUpdatedAt.getTime()).toBeGreaterThanOrEqual(startAt.getTime());
  });

  it("[E2.7] rejects a wait that takes too long with TimeoutError, near its time", async () => {
    const id = await client.scheduleNewWorkflow("humanInteraction", QUESTION, "ours-7");
    const begunAtMs = performance.now();
    const wait = client.waitForWorkflowCompletion(id, true, 1);
    await expect(wait).rejects.toBeInstanceOf(TimeoutError);
    await expect(wait).rejects.toMatchObject({
      name: "TimeoutError",
      message: `Workflow instance 'ours-7' has not ended within 1 seconds, asked at ${server.origin}/v1.0/workflows/dapr/ours-7`,
      instanceId: id,
      url: `${server.origin}/v1.0/workflows/dapr/ours-7`,
      seconds: 1,
    });
    const tookMs = performance.now() - begunAtMs;
    expect(tookMs).toBeGreaterThan(950);
    expect(tookMs).toBeLessThan(3_000);
    await expect(client.waitForWorkflowCompletion(id, true, 0)).rejects.toBeInstanceOf(TimeoutError);
    const later = await client.scheduleNewWorkflow("chaining", "", "ours-7b", new Date(Date.now() + 3_600_000));
    await expect(client.waitForWorkflowStart(later, true, 0.3)).rejects.toBeInstanceOf(TimeoutError);
    await client.terminateWorkflow(later, null);
  });

  it("[E2.8] tells why a workflow failed", async () => {
    const id = await client.scheduleNewWorkflow("noSuchWorkflow", 1, "ours-8");
    const state = await client.waitForWorkflowCompletion(id);
    expect(state?.runtimeStatus).toBe(WorkflowRuntimeStatus.FAILED);
    expect(state?.workflowFailureDetails?.getErrorType()).toBe("OrchestratorNotRegisteredError");
    expect(state?.workflowFailureDetails?.getErrorMessage()).toContain("noSuchWorkflow");
  });

  it("[E2.9] is refused with Dapr's code: an ID in use, an unknown ID", async () => {
    const id = await client.scheduleNewWorkflow("humanInteraction", QUESTION, "ours-9");
    const again = client.scheduleNewWorkflow("humanInteraction", QUESTION, id);
    await expect(again).rejects.toBeInstanceOf(WorkflowApiError);
    await expect(again).rejects.toMatchObject({ status: 500, errorCode: "ERR_START_WORKFLOW" });
    await expect(client.raiseEvent("ours-unknown", "e")).rejects.toMatchObject({
      status: 500,
      errorCode: "ERR_RAISE_EVENT_WORKFLOW",
    });
    expect(await client.getWorkflowState("ours-unknown", true)).toBeUndefined();
  });

  it("[E2.10] rejects with what fetch throws when nobody listens", async () => {
    const nobody = new DaprWorkflowClient({ daprHost: "127.0.0.1", daprPort: "1" });
    await expect(nobody.getWorkflowState("x", true)).rejects.toBeInstanceOf(TypeError);
  });

  it("[E2.13] a run: the state comes with the answer to the start, or after it", async () => {
    const state = await client.runWorkflow("chaining", "Ada", { instanceId: "ours-13" });
    expect([state.instanceId, state.serializedOutput]).toEqual(["ours-13", '"*** HELLO, ADA ***"']);
    const begun = await client.runWorkflow("humanInteraction", QUESTION, { waitFor: "started", fetchPayloads: false });
    expect([begun.runtimeStatus, begun.serializedInput]).toEqual([WorkflowRuntimeStatus.RUNNING, undefined]);
    const late = client.runWorkflow("humanInteraction", QUESTION, { instanceId: "ours-13b", timeoutInSeconds: 0.2 });
    await expect(late).rejects.toMatchObject({ name: "TimeoutError", instanceId: "ours-13b", seconds: 0.2 });
    await expect(client.runWorkflow("humanInteraction", QUESTION, { instanceId: "ours-13b" })).rejects.toMatchObject({
      errorCode: "ERR_START_WORKFLOW",
    });
  });

  it("[E2.14] any component, and IDs of every kind that the server takes", async () => {
    const other = new DaprWorkflowClient({
      daprHost: "127.0.0.1",
      daprPort: server.port,
      component: "my flows/1",
    } as never);
    for (const id of ["ü", "日本", "start", "history", "__proto__", "null", "-", "_", "İ", "٣"]) {
      expect(await other.scheduleNewWorkflow("humanInteraction", QUESTION, id)).toBe(id);
      await other.raiseEvent(id, "answer", id);
      expect((await client.waitForWorkflowCompletion(id))?.serializedOutput).toBe(JSON.stringify(id));
    }
    for (const id of ["a b", "a/b", "a%2Fb", "a:b", "😀", "..", "a\0b", "%zz", "a=b&c"])
      await expect(client.scheduleNewWorkflow("chaining", "", id)).rejects.toMatchObject({ status: 400 });
  });

  it("[E2.11] three events raised without waiting arrive, and the first one counts", async () => {
    const id = await client.scheduleNewWorkflow("humanInteraction", QUESTION, "ours-11");
    await Promise.all([1, 2, 3].map((n) => client.raiseEvent(id, "answer", n)));
    const state = await client.waitForWorkflowCompletion(id);
    expect([1, 2, 3].map(String)).toContain(state?.serializedOutput);
  });
});

describe("[E2.12] A server that dies", () => {
  it("[E2.12] killed while it is waited for, and there again on its port and directory: the waits go on", async () => {
    const directory = temporaryDirectory();
    // Free for as long as nobody takes it, which is what a server that comes again relies on, too.
    const port = await freePort();
    const recorder = await Recorder.listen([]);
    const start = () =>
      Host.start(directory, recorder.url, { worker: "../../../src/worker.ts", env: { PORT: String(port) } });
    let host = await start();
    try {
      const survivor = new DaprWorkflowClient({ daprHost: "127.0.0.1", daprPort: String(port) });
      await survivor.scheduleNewWorkflow("humanInteraction", QUESTION, "mid");
      const waits = [
        survivor.waitForWorkflowCompletion("mid", true, 120),
        survivor.waitForWorkflowCompletion("mid", false, 120),
      ];
      const run = survivor.runWorkflow("humanInteraction", QUESTION, { instanceId: "run", timeoutInSeconds: 120 });
      const lost = expect(run).rejects.toBeInstanceOf(TypeError);
      await until("the run", async () => (await survivor.getWorkflowState("run")) !== undefined);
      await host.kill();
      // A start is not sent again, whatever it waits for.
      await lost;
      await expect(survivor.raiseEvent("mid", "answer", 1)).rejects.toBeInstanceOf(TypeError);
      // On a busy machine the server may come too late for it.
      const read = survivor.getWorkflowState("mid").catch(() => undefined);
      host = await start();
      expect(((await read) ?? (await survivor.getWorkflowState("mid")))?.runtimeStatus).toBe(
        WorkflowRuntimeStatus.RUNNING,
      );
      await survivor.raiseEvent("mid", "answer", 2);
      expect((await Promise.all(waits)).map((state) => state?.serializedOutput)).toEqual(["2", undefined]);
      await survivor.raiseEvent("run", "answer", 3);
      expect((await survivor.waitForWorkflowCompletion("run"))?.serializedOutput).toBe("3");
    } finally {
      await host.kill();
      await recorder.close();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

describe("[E3] A server with DAPR_API_TOKEN", () => {
  it("[E3.1] serves who has the token, refuses who has not, and answers health probes to all", async () => {
    const guarded = await serve(samples, { variables: { DAPR_API_TOKEN: TOKEN } });
    try {
      const at = { daprHost: "127.0.0.1", daprPort: String(guarded.port) };
      const insider = new DaprWorkflowClient({ ...at, daprApiToken: TOKEN });
      const id = await insider.scheduleNewWorkflow("chaining", "x", "guarded");
      expect((await insider.waitForWorkflowCompletion(id))?.runtimeStatus).toBe(WorkflowRuntimeStatus.COMPLETED);
      for (const outsider of [
        new DaprWorkflowClient(at),
        new DaprWorkflowClient({ ...at, daprApiToken: `${TOKEN}!` }),
        new DaprWorkflowClient({ ...at, daprApiToken: TOKEN.slice(1) }),
      ]) {
        await expect(outsider.getWorkflowState(id, true)).rejects.toMatchObject({ status: 401 });
        await expect(outsider.scheduleNewWorkflow("chaining", "x", "intruder")).rejects.toMatchObject({ status: 401 });
      }
      expect(await insider.getWorkflowState("intruder", true)).toBeUndefined();
      expect((await fetch(`${guarded.origin}/v1.0/healthz`)).status).toBe(204);
      expect(guarded.log.join("\n")).not.toContain(TOKEN);
    } finally {
      await guarded.close();
    }
  });
});
