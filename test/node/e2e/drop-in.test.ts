// DaprClient of @dapr/dapr 3.18.0 and that of `edge-workflows/dapr`, asked the same of the same server.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as real from "@dapr/dapr";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as ours from "../../../src/dapr.ts";
import { bundle, ROOT, SAMPLES, type Server, serve, until } from "./server.ts";

type Workflow = ours.DaprClient["workflow"] & real.DaprClient["workflow"];

type ByName = Readonly<Record<string, { readonly prototype: object } | undefined>>;
const realByName = real as unknown as ByName;
const oursByName = ours as unknown as ByName;

const QUIET = { info() {}, warn() {}, error() {}, verbose() {}, debug() {} };
const TOKEN = "open sesame";

let server: Server;
let theirs: real.DaprClient;
let own: ours.DaprClient;

beforeAll(async () => {
  server = await serve(await bundle(SAMPLES), { variables: { DAPR_API_TOKEN: TOKEN } });
  const options = { daprHost: "127.0.0.1", daprPort: String(server.port), daprApiToken: TOKEN };
  theirs = new real.DaprClient({ ...options, logger: { service: QUIET } });
  own = new ours.DaprClient(options);
});

afterAll(async () => {
  await theirs?.stop();
  await server?.close();
});

/** What the call of each client comes to; the IDs of its instances end in `-dapr` for Dapr's and in `-own` for ours. */
async function both(call: (workflow: Workflow, suffix: string) => Promise<unknown>): Promise<[unknown, unknown]> {
  const told = async (workflow: unknown, suffix: string) => {
    const outcome = await call(workflow as Workflow, suffix).catch((error) => ({
      ...error,
      name: error.name,
      message: error.message,
    }));
    return JSON.parse(JSON.stringify({ outcome }).replaceAll(suffix, ""));
  };
  return [await told(theirs.workflow, "-dapr"), await told(own.workflow, "-own")];
}

describe("[E6] DaprClient of edge-workflows/dapr does what that of @dapr/dapr 3.18.0 does", () => {
  it.each([
    ["object", { n: 1, deep: [0, false, null, ""] }],
    ["array", [1, "two"]],
    ["text", "hello"],
    ["digits", "5"],
    ["json", '{"n":1}'],
    ["number", 5],
    ["true", true],
    ["none", undefined],
  ])("[E6.1] the input and the event: %s", async (name, value) => {
    const [one, two] = await both(async (workflow, suffix) => {
      const id = `same-${name}${suffix}`;
      await workflow.scheduleNewWorkflow("humanInteraction", { question: "?", timeoutSeconds: 600 }, id);
      await workflow.raiseEvent(id, "answer", value);
      let state = await workflow.getWorkflowState(id);
      await until(`${id} has ended`, async () => {
        state = await workflow.getWorkflowState(id);
        return state.runtimeStatus === "COMPLETED";
      });
      await workflow.scheduleNewWorkflow("noSuchWorkflow", value, `input-${name}${suffix}`);
      const input = (await workflow.getWorkflowState(`input-${name}${suffix}`)).properties["dapr.workflow.input"];
      const dates = [state.createdAt instanceof Date, state.lastUpdatedAt instanceof Date];
      return { input, dates, ...state, createdAt: 0, lastUpdatedAt: 0 };
    });
    expect(two).toEqual(one);
    expect(one).toMatchObject({ outcome: { runtimeStatus: "COMPLETED" } });
  });

  it.each(["application/json", "text/plain"])("[E6.2] a text sent as %s", async (contentType) => {
    // The fourth argument is in 3.18.0's code and not in its types.
    const [one, two] = await both(async (workflow, suffix) => {
      const id = `typed-${contentType.length}${suffix}`;
      const started = await (workflow as unknown as ours.DaprClient["workflow"]).start("none", "a text", id, {
        contentType,
      });
      return [started, (await workflow.getWorkflowState(id)).properties["dapr.workflow.input"]];
    });
    expect(two).toEqual(one);
  });

  it.each<[string, (workflow: Workflow, suffix: string) => Promise<unknown>]>([
    ["get of an unknown ID", (workflow, suffix) => workflow.getWorkflowState(`unknown${suffix}`)],
    ["terminate of an unknown ID", (workflow, suffix) => workflow.terminate(`unknown${suffix}`)],
    ["pause of an unknown ID", (workflow, suffix) => workflow.pause(`unknown${suffix}`)],
    ["resume of an unknown ID", (workflow, suffix) => workflow.resume(`unknown${suffix}`)],
    ["purge of an unknown ID", (workflow, suffix) => workflow.purge(`unknown${suffix}`)],
    ["raise to an unknown ID", (workflow, suffix) => workflow.raiseEvent(`unknown${suffix}`, "e", 1)],
    ["a bad ID", (workflow, suffix) => workflow.scheduleNewWorkflow("chaining", 1, `no.dots${suffix}`)],
    ["get of no ID", (workflow) => workflow.getWorkflowState("")],
    ["get, as it was, of no ID", (workflow) => workflow.get("")],
    ["start of no workflow", (workflow) => workflow.scheduleNewWorkflow("")],
    ["terminate of no ID", (workflow) => workflow.terminate("")],
    ["raise to no ID", (workflow) => workflow.raiseEvent("", "e")],
    ["raise of no event", (workflow) => workflow.raiseEvent("i", "")],
  ])("[E6.3] the error of %s", async (_what, call) => {
    const [one, two] = await both(call);
    expect(two).toEqual(one);
    expect(one).toMatchObject({ outcome: { name: expect.stringMatching(/Error$/) } });
  });

  it("[E6.4] health, a bad port, and a client made of another", async () => {
    const closed = { daprHost: "127.0.0.1", daprPort: "1" };
    expect([await own.health.isHealthy(), await new ours.DaprClient(closed).health.isHealthy()]).toEqual([true, false]);
    const stranger = new ours.DaprClient({ daprPort: String(server.port), daprApiToken: "wrong" });
    expect(await stranger.health.isHealthy()).toBe(false);
    expect(await ours.DaprClient.create(own).health.isHealthy()).toBe(true);
    await ours.DaprClient.awaitSidecarStarted(() => own.health.isHealthy());
    for (const { DaprClient } of [real, ours])
      expect(() => new DaprClient({ daprPort: "80a" })).toThrow(/^DAPR_INCORRECT_SIDECAR_PORT$/);
  });

  it("[E6.5] state outside a Worker says where it is", async () => {
    await expect(own.state.get("s", "k")).rejects.toThrow(/bind.*StateStore.*STATE_STORE|StateStore as STATE_STORE/);
    await expect(own.state.save("s", [])).rejects.toThrow(ours.NotAvailableError);
  });
});

describe("[E7] The names of @dapr/dapr 3.18.0", () => {
  const declarations = readFileSync(join(ROOT, "node_modules/@dapr/dapr/index.d.ts"), "utf8");
  const declared = (/^export \{([^}]*)\}/m.exec(declarations)?.[1] ?? "")
    .split(",")
    .map((name) => name.trim().replace(/^.* as /, ""))
    .filter((name) => name !== "");

  it("[E7.1] every value is there", () => {
    const values = Object.keys(real);
    expect(values.length).toBe(25);
    expect(values.filter((name) => !(name in ours))).toEqual([]);
  });

  it("[E7.2] test/conformance/programs/names.ts, which the compiler checks, names every name, types too", () => {
    const program = readFileSync(join(ROOT, "test/conformance/programs/names.ts"), "utf8");
    const imported = /import \{([^}]*)\} from "@dapr\/dapr"/.exec(program)?.[1] ?? "";
    const names = imported.split(",").map((name) => name.trim().replace(/^type /, ""));
    expect(declared.length).toBe(35);
    expect(declared.filter((name) => !names.includes(name))).toEqual([]);
  });

  it.each([
    "CommunicationProtocolEnum",
    "DaprPubSubStatusEnum",
    "HttpMethod",
    "LogLevel",
    "StateConcurrencyEnum",
    "StateConsistencyEnum",
  ])("[E7.3] %s has the same members", (name) => {
    expect(oursByName[name]).toEqual(realByName[name]);
  });

  it("[E7.4] WorkflowRuntimeStatus has all of its members, and more", () => {
    expect(ours.WorkflowRuntimeStatus).toMatchObject(real.WorkflowRuntimeStatus);
  });

  it("[E7.5] the methods of the clients are there, those of the prototypes of 3.18.0", () => {
    const methods = (value: object) => Object.getOwnPropertyNames(Object.getPrototypeOf(value)).filter(isPublic);
    const missing = (from: object, of: object) => methods(from).filter((name) => !(name in of));
    expect(missing(theirs, own)).toEqual([]);
    expect(missing(theirs.workflow, own.workflow)).toEqual([]);
    expect(missing(theirs.state, own.state)).toEqual([]);
    expect(missing(theirs.health, own.health)).toEqual([]);
    const blocks = Object.keys(theirs).filter((name) => !["daprClient", "logger"].includes(name));
    expect(blocks.filter((name) => !(name in own))).toEqual([]);
    const workflowClient = new ours.DaprWorkflowClient();
    const theirMethods = Object.getOwnPropertyNames(real.DaprWorkflowClient.prototype).filter(isPublic);
    expect(theirMethods.filter((name) => !(name in workflowClient))).toEqual([]);
    for (const name of ["WorkflowContext", "WorkflowRuntime", "WorkflowActivityContext", "WorkflowState"]) {
      const names = Object.getOwnPropertyNames(realByName[name]?.prototype).filter(isPublic);
      expect(names.filter((method) => !(method in (oursByName[name]?.prototype ?? {})))).toEqual([]);
    }
  });
});

/** Two of the names are private by their type alone. */
function isPublic(name: string): boolean {
  return !name.startsWith("_") && !["buildInnerClient", "buildInnerWorker"].includes(name);
}
