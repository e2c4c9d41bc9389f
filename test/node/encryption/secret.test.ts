// The secret of a deployed Worker, in workerd on disk: what it makes of the rows, and what another one finds there.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { readInstances } from "../crash/database.ts";
import { Api, bundle, objectDirectory, outputOf, type Server, serve, temporaryDirectory } from "../e2e/server.ts";

const KEY_1 = `k1:${Buffer.alloc(32, 1).toString("base64")}`;
const KEY_2 = `k2:${Buffer.alloc(32, 2).toString("base64")}`;
const PAYLOAD = "a word that is in no other place";
/** The workflow waits for the event `go`, and gives back what it has been given and what has come. */
const WORKFLOW = "keeps";
const code = await bundle("test/node/encryption/worker.js");
const listed = await bundle("test/node/encryption/listed-worker.js");

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function newDirectory(): string {
  const directory = temporaryDirectory();
  directories.push(directory);
  return directory;
}

/** One life of a deployment with this secret. */
async function deployed<T>(directory: string, keys: string | undefined, use: (api: Api) => Promise<T>): Promise<T> {
  const variables = keys === undefined ? {} : { PAYLOAD_KEYS: keys };
  const server: Server = await serve(code, { directory, variables });
  try {
    return await use(new Api(server.origin));
  } finally {
    await server.close();
  }
}

/** All bytes of all databases of a class. */
function bytesOn(directory: string, className = "WorkflowInstance"): string {
  const objects = objectDirectory(directory, className);
  if (!existsSync(objects)) return "";
  return readdirSync(objects)
    .map((name) => readFileSync(join(objects, name), "latin1"))
    .join("\n");
}

const payloadsOf = (directory: string) =>
  readInstances(directory)
    .get("a")
    ?.history.flatMap(({ payload }) => payload ?? []);

it("[X2.1] without the secret payloads are on disk as they are, with it only sealed with its first key", async () => {
  const plain = newDirectory();
  await deployed(plain, undefined, (api) => api.start(WORKFLOW, "a", PAYLOAD));
  expect([payloadsOf(plain), bytesOn(plain).includes(PAYLOAD)]).toEqual([[JSON.stringify(PAYLOAD)], true]);

  const sealed = newDirectory();
  await deployed(sealed, `${KEY_1},${KEY_2}`, (api) => api.start(WORKFLOW, "a", PAYLOAD));
  expect([payloadsOf(sealed), bytesOn(sealed).includes(PAYLOAD)]).toEqual([
    [expect.stringMatching(/^enc:k1:[A-Za-z0-9+/=:]+$/)],
    false,
  ]);
});

it("[X2.2] another key in front reads what is there, and writes with itself", async () => {
  const directory = newDirectory();
  await deployed(directory, KEY_1, (api) => api.start(WORKFLOW, "a", PAYLOAD));
  const ended = await deployed(directory, `${KEY_2},${KEY_1}`, async (api) => {
    await api.raise("a", "go", "more");
    return api.ended("a");
  });
  expect([ended.runtimeStatus, outputOf(ended)]).toEqual(["COMPLETED", [PAYLOAD, "more"]]);
  const keys = payloadsOf(directory)?.map((payload) => payload.slice(0, 7));
  expect(keys).toEqual(["enc:k1:", "enc:k2:", "enc:k2:"]);
});

it.each([
  ["another key", KEY_2],
  ["another key under the same name", KEY_2.replace("k2", "k1")],
  ["no key", undefined],
  ["no list of keys", "k1"],
])("[X2.3] %s: the instance says so, nothing is written over, and with its key it goes on", async (_, keys) => {
  const directory = newDirectory();
  await deployed(directory, KEY_1, (api) => api.start(WORKFLOW, "a", PAYLOAD));
  const before = readInstances(directory);
  await deployed(directory, keys, async (api) => {
    const { runtimeStatus, properties } = await api.state("a");
    expect([runtimeStatus, properties?.["dapr.workflow.failure.error_type"]]).toEqual(["STALLED", "UnreadableError"]);
    await expect(api.raise("a", "go", "lost?")).rejects.toThrow(/answered 500: .*ERR_RAISE_EVENT_WORKFLOW/);
  });
  expect(readInstances(directory)).toEqual(before);
  const ended = await deployed(directory, KEY_1, async (api) => {
    await api.raise("a", "go", "kept");
    return api.ended("a");
  });
  expect(outputOf(ended)).toEqual([PAYLOAD, "kept"]);
});

/** All that can be said to instances with a text, and what has become of it: in the databases of both classes, the log, and lists. */
async function told(keys: string | undefined) {
  const directory = newDirectory();
  const variables = keys === undefined ? {} : { PAYLOAD_KEYS: keys };
  const server = await serve(listed, { directory, variables });
  const ask = async (method: string, path: string, body?: unknown) => {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const response = await fetch(`${server.origin}/v1.0/${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return text;
  };
  const reason = `reason=${encodeURIComponent(PAYLOAD)}`;
  const of = (id: string) => `workflows/dapr/${id}`;
  const ended = (id: string) => ask("GET", `${of(id)}?waitFor=completed&timeoutSeconds=30`);
  await ask("POST", `workflows/dapr/parent/start?instanceID=family&${reason}`, PAYLOAD);
  for (const id of ["fails", "ends", "goes"]) {
    await ask("POST", `workflows/dapr/tells/start?instanceID=${id}&${reason}`, PAYLOAD);
    await ask("POST", `${of(id)}/pause`, { reason: PAYLOAD });
    await ask("POST", `${of(id)}/resume`, { reason: PAYLOAD });
  }
  const raise = { operation: "raise", eventName: "go", payload: PAYLOAD, reason: PAYLOAD };
  await ask("POST", "workflow-jobs/dapr", { ...raise, instanceIDs: ["child", "fails"] });
  await Promise.all(["family", "fails"].map(ended));
  await ask("POST", `${of("ends")}/terminate`, { output: PAYLOAD, reason: PAYLOAD });
  await ask("POST", `${of("goes")}/purge?force=true`, { reason: PAYLOAD });
  const list = () => ask("GET", "workflows/dapr?status=FAILED");
  await expect.poll(async () => (JSON.parse(await list()) as { workflows: unknown[] }).workflows.length).toBe(3);
  const lists = await list();
  const log = server.log.join("\n");
  await server.close();
  const shards = bytesOn(directory, "WorkflowCatalog");
  const found = { instances: bytesOn(directory), shards, lists, log };
  return {
    payload: Object.entries(found).flatMap(([where, text]) => (text.includes(PAYLOAD) ? where : [])),
    open: [shards, lists].map((text) => text.includes("an attribute for everybody")),
    types: [shards, lists].map((text) => text.includes("TaskFailedError")),
    lines: log.length > 0,
  };
}

it("[X2.4] with the secret no payload, custom status, message or reason is in a shard's file, a list or the log", async () => {
  const rest = { open: [true, true], types: [true, true], lines: true };
  expect(await told(undefined)).toEqual({ payload: ["instances", "shards", "lists", "log"], ...rest });
  expect(await told(KEY_1)).toEqual({ payload: [], ...rest });
});
