import { describe, expect, it, vi } from "vitest";
import { tokenProblem } from "../../../src/http/api-token.ts";
import { Api } from "./support.ts";

const GET = "GET https://edge.example.com/v1.0/workflows/dapr/a";

async function expect401(response: Response, text: string | RegExp): Promise<void> {
  expect(response.status).toBe(401);
  expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
  expect(await response.text()).toMatch(text);
}

/**
 * What comes of sending `sent`, and which characters of the secret were read meanwhile. A clock would be too coarse, so the
 * secret is an object that has a length and characters to give, one at a time: `===` finds it equal to nothing, and
 * whatever would make a string of it (`startsWith`, `indexOf`, …) throws.
 */
async function readsOf(secret: string, sent: string): Promise<[status: number, reads: number[]]> {
  const reads: number[] = [];
  const token = {
    length: secret.length,
    charCodeAt: (n: number) => {
      reads.push(n);
      return secret.charCodeAt(n);
    },
    [Symbol.toPrimitive]: () => {
      throw new Error("the secret was read as a whole");
    },
  };
  const api = new Api({ apiToken: token as unknown as string });
  return [(await api.send(GET, undefined, { "dapr-api-token": sent })).status, reads];
}

describe("with a token", () => {
  it.each([
    { "dapr-api-token": "s3cret" },
    { "Dapr-Api-Token": "s3cret" },
    { authorization: "Bearer s3cret" },
    { authorization: "bearer   s3cret" },
    { "dapr-api-token": "s3cret", authorization: "Basic abc" },
  ])("[H60] %j passes", async (headers) => {
    const api = new Api({ apiToken: "s3cret" });
    expect((await api.send(GET, undefined, headers)).status).toBe(200);
  });

  it.each([
    {},
    { "dapr-api-token": "" },
    { "dapr-api-token": "s3cre" },
    { "dapr-api-token": "s3cretx" },
    { "dapr-api-token": "S3cret" },
    { "dapr-api-token": "s3crets3cret" },
    { "dapr-api-token": "Bearer s3cret" },
    { authorization: "s3cret" },
    { authorization: "Bearer" },
    { authorization: "Basic s3cret" },
    { "dapr-api-token": "wrong", authorization: "Bearer s3cret" },
  ])("[H60] %j is 401 `invalid api token` and reaches no instance", async (headers) => {
    const api = new Api({ apiToken: "s3cret" });
    await expect401(await api.send(GET, undefined, headers), /^invalid api token$/);
    expect(api.calls).toEqual([]);
  });

  it.each([
    ["dapr-api-token", "s3cret", "wrong"],
    ["dapr-api-token", "wrong", "s3cret"],
    ["dapr-api-token", "s3cret", "s3cret"],
    ["dapr-api-token", "s3cret", ""],
    ["dapr-api-token", "", "s3cret"],
    ["authorization", "Bearer s3cret", "Bearer wrong"],
    ["authorization", "Bearer wrong", "Bearer s3cret"],
    ["authorization", "Bearer s3cret", "Bearer s3cret"],
    ["authorization", "Basic abc", "Bearer s3cret"],
  ])("[H64] %s sent twice, %j and %j, is 401: none of the two is picked", async (name, first, second) => {
    const api = new Api({ apiToken: "s3cret" });
    const headers: [string, string][] = [
      [name, first],
      [name, second],
    ];
    const url = "https://edge.example.com/v1.0/workflows/dapr/a";
    await expect401(await api.handle(new Request(url, { headers })), /^invalid api token$/);
    // A right one in the other header does not make up for it.
    if (name === "dapr-api-token") {
      headers.push(["authorization", "Bearer s3cret"]);
      await expect401(await api.handle(new Request(url, { headers })), /^invalid api token$/);
    }
    expect(api.calls).toEqual([]);
  });

  it("[H65] is read character by character to the end of what was sent, wherever it differs", async () => {
    const upTo = (length: number) => Array.from({ length }, (_, n) => n);
    for (const sent of ["s3cret", "x3cret", "s3xret", "s3crex", "xxxxxx", "S3CRET"])
      expect([sent, await readsOf("s3cret", sent)]).toEqual([sent, [sent === "s3cret" ? 200 : 401, upTo(6)]]);
  });

  // Here both are strings: an object would not show a `===` that lets the right one pass at once.
  it("[H65] takes no fewer reads when it is right", async () => {
    const api = new Api({ apiToken: "s3cret" });
    for (const sent of ["s3cret", "x3cret", "s3crex"]) {
      const request = new Request("https://edge.example.com/nowhere", { headers: { "dapr-api-token": sent } });
      const spy = vi.spyOn(String.prototype, "charCodeAt");
      let status: number;
      let reads: number;
      try {
        status = (await api.handle(request)).status;
        reads = spy.mock.contexts.filter((text) => [sent, "s3cret"].includes(String(text))).length;
      } finally {
        spy.mockRestore();
      }
      expect([sent, status, reads]).toEqual([sent, sent === "s3cret" ? 404 : 401, 2 * sent.length]);
    }
  });

  it("[H65] is read as often as what was sent is long, however long it is itself", async () => {
    for (const sent of ["s", "s3", "s3cre", "s3cretx", "s3crets3cret", "x".repeat(50)])
      for (const secret of ["s3c", "s3cret", "s3cret-and-more", "y".repeat(40)]) {
        const [status, reads] = await readsOf(secret, sent);
        expect([secret, sent, status, reads.length]).toEqual([secret, sent, 401, sent.length]);
      }
  });

  it("[H60] is asked for on localhost and on unknown routes too", async () => {
    const api = new Api({ apiToken: "s3cret" });
    await expect401(await api.send("GET /v1.0/workflows/dapr/a"), /^invalid api token$/);
    await expect401(await api.send("GET /nowhere"), /^invalid api token$/);
    await expect401(await api.send("GET /v1.0/metadata"), /^invalid api token$/);
    await expect401(await api.send("POST /v1.0/healthz"), /^invalid api token$/);
    expect((await api.send("GET /nowhere", undefined, { "dapr-api-token": "s3cret" })).status).toBe(404);
  });
});

describe("a secret that no header can equal", () => {
  it.each([
    [12345, "a value of type number"],
    [0, "a value of type number"],
    [true, "a value of type boolean"],
    [false, "a value of type boolean"],
    [null, "a value of type object"],
    [[], "a value of type object"],
    [["s3cret"], "a value of type object"],
    // As the binding of a secret of the Secrets Store.
    [{ get: async () => "s3cret" }, "a value of type object"],
    [" s3cret", "white space"],
    ["s3cret\n", "white space"],
    ["   ", "white space"],
    ["s3\ncret", "control characters"],
    ["s3\u0000cret", "control characters"],
  ])("[H67] %j lets nobody in, on localhost neither, and the 401 says why", async (secret, why) => {
    const problem = tokenProblem(secret);
    expect(problem).toContain(`DAPR_API_TOKEN `);
    expect(problem).toContain(why);
    expect(problem).toMatch(/npx wrangler secret put DAPR_API_TOKEN.*\.dev\.vars/);
    expect(problem).not.toMatch(/s3|cret"|12345/);
    for (const url of ["https://edge.example.com", "http://localhost:8787"])
      for (const headers of [
        {},
        { "dapr-api-token": "" },
        { "dapr-api-token": String(secret).trim() },
        { host: "localhost" },
      ]) {
        const api = new Api({ apiToken: secret as string, tokenProblem: problem });
        const request = () =>
          new Request(`${url}/v1.0/workflows/dapr/a`, { headers: headers as Record<string, string> });
        if (/[\n\0]/.test(String(secret).trim()) && "dapr-api-token" in headers && headers["dapr-api-token"] !== "")
          continue;
        await expect401(await api.handle(request()), /^nobody is served, because DAPR_API_TOKEN /);
        expect(api.calls).toEqual([]);
        expect((await api.handle(new Request(`${url}/v1.0/healthz`))).status).toBe(204);
      }
  });

  it.each([undefined, "", "s3cret", "correct horse", "géheim", "日本"])("[H67] %j is none", (secret) => {
    expect(tokenProblem(secret)).toBeUndefined();
  });

  it("[H67] a caller in this process is served", async () => {
    expect((await new Api({ tokenProblem: tokenProblem(7), trusted: true }).send(GET)).status).toBe(200);
  });
});

describe("without a token", () => {
  it.each([
    "localhost",
    "localhost:8787",
    "LOCALHOST",
    "api.localhost",
    "127.0.0.1:3500",
    "127.255.0.9",
    "127.1",
    "[::1]:80",
  ])("[H61] the loopback host %s is served", async (host) => {
    expect((await new Api().send(`GET http://${host}/v1.0/workflows/dapr/a`)).status).toBe(200);
  });

  it.each([
    "edge.example.com",
    "localhost.example.com",
    "127.0.0.1.example.com",
    "notlocalhost",
    "128.0.0.1",
    "10.127.0.1",
    "[::2]",
    "0.0.0.0",
  ])("[H61] %s is 401 and says which secret is missing", async (host) => {
    for (const apiToken of [undefined, ""]) {
      const api = new Api({ apiToken });
      const response = await api.send(`GET http://${host}/v1.0/workflows/dapr/a`, undefined, { "dapr-api-token": "" });
      await expect401(response, /DAPR_API_TOKEN.*npx wrangler secret put DAPR_API_TOKEN/);
      expect(api.calls).toEqual([]);
    }
  });
});

it.each([{ apiToken: "s3cret" }, { apiToken: undefined }])("[H62] health needs no token anywhere: %j", async (deps) => {
  const api = new Api(deps);
  expect((await api.send("GET https://edge.example.com/v1.0/healthz")).status).toBe(204);
  expect((await api.send("GET https://edge.example.com/v1.0/healthz/outbound")).status).toBe(204);
});

it.each([{ apiToken: "s3cret" }, { apiToken: undefined }])(
  "[H63] a caller in this process needs no token: %j",
  async (deps) => {
    const api = new Api({ ...deps, trusted: true });
    expect((await api.send(GET)).status).toBe(200);
  },
);
