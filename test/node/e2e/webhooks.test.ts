// [E50] Webhooks from workerd to a receiver on a real port, which verifies them with the library of Standard Webhooks.

import { rmSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Api, type Bundle, bundle, type Server, serve, temporaryDirectory, until } from "./server.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

const received: { readonly headers: IncomingHttpHeaders; readonly body: string; readonly path: string }[] = [];
let status = 204;
const receiver = createServer(async (request, response) => {
  let body = "";
  for await (const piece of request.setEncoding("utf8")) body += piece;
  received.push({ headers: request.headers, body, path: request.url ?? "" });
  response.writeHead(status, { location: "/elsewhere" }).end();
});
const directory = temporaryDirectory();
let code: Bundle;
let server: Server | undefined;

async function begin(): Promise<Api> {
  const { port } = receiver.address() as AddressInfo;
  const webhooks = [
    { url: `http://127.0.0.1:${port}/hook`, secretName: "HOOK_SECRET", allowPrivate: true, includeOutput: true },
  ];
  const variables = {
    OPTIONS: JSON.stringify({ webhooks, limits: { watchdogMs: 1_000 } }),
    HOOK_SECRET: `${NEW} ${SECRET}`,
  };
  server = await serve(code, { directory, variables });
  return new Api(server.origin);
}

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  code = await bundle("test/node/e2e/options-worker.js");
});
afterAll(async () => {
  await server?.close();
  receiver.close();
  rmSync(directory, { recursive: true, force: true });
});

function verified(n: number): unknown {
  const { body, headers } = received[n] as (typeof received)[number];
  for (const secret of [SECRET, NEW]) new Webhook(secret).verify(body, headers as Record<string, string>);
  return JSON.parse(body);
}

describe("[E50] Webhooks", () => {
  it("[E50.1] of a parent and its child, signed with both secrets", async () => {
    const api = await begin();
    await api.start("parent", "a");
    await until("both have been told", () => received.length === 2);
    expect(
      [verified(0), verified(1)].sort((x, y) => JSON.stringify(x).length - JSON.stringify(y).length),
    ).toMatchObject([
      {
        type: "workflow.completed",
        data: { instanceID: "a", runtimeStatus: "COMPLETED", output: ["done", "from the child"] },
      },
      { type: "workflow.completed", data: { instanceID: "a-child", parentInstanceID: "a", output: "done" } },
    ]);
    expect(received[0]).toMatchObject({ path: "/hook", headers: { "content-type": "application/json" } });
  });

  it("[E50.2] a redirect is not followed, and after a restart what was not taken comes again, under the same ID", async () => {
    status = 302;
    received.length = 0;
    await new Api((server as Server).origin).start("child", "b", "nobody");
    await until("it has been sent", () => received.length === 1);
    await (server as Server).close();
    server = undefined;
    status = 204;
    const api = await begin();
    expect((await api.state("b")).runtimeStatus).toBe("COMPLETED");
    await until("it has been sent again", () => received.length >= 2, 30_000);
    expect(received.map(({ path }) => path)).toEqual(["/hook", "/hook"]);
    expect(received[1]?.headers["webhook-id"]).toBe(received[0]?.headers["webhook-id"]);
    expect(verified(1)).toMatchObject({ data: { instanceID: "b" } });
  });

  it("[E50.3] where nothing may be sent to, the Worker is not even loaded", async () => {
    const webhooks = [{ url: "https://127.0.0.1/hook", secret: SECRET }];
    const refused = serve(code, { variables: { OPTIONS: JSON.stringify({ webhooks }) } });
    await expect(refused).rejects.toThrow();
  });
});
