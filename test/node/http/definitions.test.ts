// What the code of a deployment has registered, over HTTP and in the client.
import { describe, expect, it } from "vitest";
import { DaprWorkflowClient } from "../../../src/client.ts";
import { Registry } from "../../../src/engine/registry.ts";
import { Api, REGISTERED, read, refusal } from "./support.ts";

const DEFINITIONS = "GET /v1.0/workflow-definitions/dapr";
const code = async function* () {};
const ask = async (api: Api, target = DEFINITIONS) => read(await api.send(target));

describe("what is registered", () => {
  it("[H181] each workflow with its versions and the latest, the activities, and nothing else; no instance is asked", async () => {
    const api = new Api();
    expect(await ask(api)).toEqual({ status: 200, body: REGISTERED });
    expect(api.calls).toEqual([]);
  });

  it("[H182] the registry tells it in the order in which it was registered, and whether something is there without a version", () => {
    const registry = new Registry();
    expect(registry.registered()).toEqual({ workflows: [], activities: [] });
    registry.addVersion("order", "v2", code, true);
    registry.addVersion("order", "v1", code, false);
    registry.addWorkflow("hello", code);
    registry.addVersion("hello", "next", code, false);
    registry.addActivity("charge", () => undefined);
    expect(registry.registered()).toEqual({
      workflows: [
        { name: "order", versions: ["v2", "v1"], latest: "v2", unversioned: false },
        { name: "hello", versions: ["next"], latest: undefined, unversioned: true },
      ],
      activities: ["charge"],
    });
  });

  it("[H183] another app, and an unknown parameter, are refused", async () => {
    const other = await ask(new Api(), `${DEFINITIONS}?appID=other`);
    expect(other).toMatchObject({ status: 500, body: { errorCode: "ERR_LIST_WORKFLOW" } });
    expect(await ask(new Api(), `${DEFINITIONS}?name=Hello`)).toEqual(
      refusal(400, "ERR_MALFORMED_REQUEST", expect.stringContaining("name") as unknown as string),
    );
  });

  it("[H184] the client has the same", async () => {
    const api = new Api();
    const fetch = (request: Request) => api.handle(request);
    const client = new DaprWorkflowClient({ fetch, daprHost: "http://localhost:8787" });
    expect(await client.listDefinitions()).toEqual(REGISTERED);
  });
});
