// The token, through the Worker's own fetch with bindings as a deployment would have them.
import { describe, expect, it } from "vitest";
import { env, newId, W } from "./support.ts";
import worker from "./worker.ts";

const TOKEN = "correct horse battery staple";

async function ask(
  token: string | undefined,
  target: string,
  headers: Record<string, string> = {},
): Promise<[number, string]> {
  const [method = "", url = ""] = target.split(" ");
  const bindings =
    token === undefined ? env : { ...env, WORKFLOW_INSTANCE: env.WORKFLOW_INSTANCE, DAPR_API_TOKEN: token };
  const response = await worker.fetch(new Request(url, { method, headers }), bindings);
  return [response.status, await response.text()];
}

const HOSTS = ["http://localhost", "https://workflows.example.com"];
const INVALID: [number, string] = [401, "invalid api token"];

describe("[W9] a deployment with a token", () => {
  it.each(HOSTS)("[W9.1] %s: refuses every route without it, and creates nothing", async (host) => {
    const id = newId();
    const wrong = [{}, { "dapr-api-token": "" }, { "dapr-api-token": `${TOKEN}x` }, { authorization: "Bearer x" }];
    for (const headers of wrong) {
      for (const route of [
        `POST ${host}${W}/echo/start?instanceID=${id}`,
        `GET ${host}${W}/${id}`,
        `POST ${host}${W}/${id}/raiseEvent/E`,
        `POST ${host}${W}/${id}/purge`,
        `GET ${host}/v1.0/metadata`,
        `GET ${host}/nothing/here`,
      ]) {
        expect(await ask(TOKEN, route, headers), route).toEqual(INVALID);
      }
    }
    expect((await ask(TOKEN, `GET ${host}${W}/${id}`, { "dapr-api-token": TOKEN }))[0]).toBe(404);
  });

  it.each(HOSTS)("[W9.2] %s: serves with it, in Dapr's header or as a bearer", async (host) => {
    for (const headers of [{ "dapr-api-token": TOKEN }, { authorization: `Bearer ${TOKEN}` }]) {
      const id = newId();
      const started = await ask(TOKEN, `POST ${host}${W}/echo/start?instanceID=${id}`, headers);
      expect(started).toEqual([202, JSON.stringify({ instanceID: id })]);
      const [status, text] = await ask(TOKEN, `GET ${host}${W}/${id}?waitFor=completed&timeoutSeconds=10`, headers);
      expect([status, JSON.parse(text)]).toMatchObject([200, { runtimeStatus: "COMPLETED" }]);
    }
  });

  it("[W9.3] health probes need none", async () => {
    for (const host of HOSTS) {
      expect(await ask(TOKEN, `GET ${host}/v1.0/healthz`)).toEqual([204, ""]);
      expect(await ask(TOKEN, `GET ${host}/v1.0/healthz/outbound`)).toEqual([204, ""]);
    }
  });

  it("[W9.4] a rotated token counts from the next request on", async () => {
    const target = `GET http://localhost${W}/nobody`;
    expect((await ask("old", target, { "dapr-api-token": "old" }))[0]).toBe(404);
    expect(await ask("new", target, { "dapr-api-token": "old" })).toEqual(INVALID);
    expect((await ask("new", target, { "dapr-api-token": "new" }))[0]).toBe(404);
  });
});

describe("[W9] a deployment whose token is no text", () => {
  it.each([12345, true, [], { get: async () => TOKEN }])(
    "[W9.5] %j: nobody gets in, no token at all included",
    async (token) => {
      for (const host of HOSTS)
        for (const headers of [
          {},
          { "dapr-api-token": "" },
          { "dapr-api-token": "12345" },
          { authorization: "Bearer x" },
        ] as Record<string, string>[])
          for (const route of [`GET ${host}${W}/nobody`, `POST ${host}${W}/echo/start`, `GET ${host}/v1.0/metadata`])
            expect(await ask(token as unknown as string, route, headers), route).toEqual([
              401,
              expect.stringMatching(/^nobody is served, because DAPR_API_TOKEN is bound as a value of type /),
            ]);
      expect((await ask(token as unknown as string, `GET ${HOSTS[1]}/v1.0/healthz`))[0]).toBe(204);
    },
  );
});

describe("[W9] a deployment without a token", () => {
  it("[W9.10] serves loopback hosts, and answers 401 to all others", async () => {
    for (const host of ["http://localhost", "http://127.0.0.1:8787", "http://[::1]:8787", "http://a.localhost"]) {
      expect((await ask(undefined, `GET ${host}${W}/nobody`))[0], host).toBe(404);
      expect((await ask("", `GET ${host}${W}/nobody`))[0], host).toBe(404);
    }
    for (const host of ["https://workflows.example.com", "http://10.0.0.1", "http://localhost.example.com"]) {
      const [status, text] = await ask(undefined, `GET ${host}${W}/nobody`);
      expect([status, text], host).toEqual([401, expect.stringContaining("DAPR_API_TOKEN is not set")]);
      expect((await ask("", `POST ${host}${W}/echo/start`))[0], host).toBe(401);
      expect((await ask(undefined, `GET ${host}/v1.0/healthz`))[0], host).toBe(204);
    }
  });
});
