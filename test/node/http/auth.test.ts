import { describe, expect, it } from "vitest";
import { Api } from "./support.ts";

const GET = "GET https://edge.example.com/v1.0/workflows/dapr/a";

async function expect401(response: Response, text: string | RegExp): Promise<void> {
  expect(response.status).toBe(401);
  expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
  expect(await response.text()).toMatch(text);
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

  it("[H60] is asked for on localhost and on unknown routes too", async () => {
    const api = new Api({ apiToken: "s3cret" });
    await expect401(await api.send("GET /v1.0/workflows/dapr/a"), /^invalid api token$/);
    await expect401(await api.send("GET /nowhere"), /^invalid api token$/);
    await expect401(await api.send("GET /v1.0/metadata"), /^invalid api token$/);
    await expect401(await api.send("POST /v1.0/healthz"), /^invalid api token$/);
    expect((await api.send("GET /nowhere", undefined, { "dapr-api-token": "s3cret" })).status).toBe(404);
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
