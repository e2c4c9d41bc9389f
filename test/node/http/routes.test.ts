import { describe, expect, it } from "vitest";
import { newCall } from "../../../src/http/call.ts";
import { Api, NO_ROUTE, read, VERSIONS } from "./support.ts";

describe.each(VERSIONS)("routes of %s", (version) => {
  const root = `/${version}/workflows/dapr`;

  it.each([
    [`POST ${root}/Hello/start?instanceID=a`, 202, "start", "a"],
    [`GET ${root}/a`, 200, "describe", "a"],
    [`POST ${root}/a/terminate`, 202, "terminate", "a"],
    [`POST ${root}/a/raiseEvent/go`, 202, "raiseEvent", "a"],
    [`POST ${root}/a/pause`, 202, "suspend", "a"],
    [`POST ${root}/a/resume`, 202, "resume", "a"],
    [`POST ${root}/a/purge`, 202, "purge", "a"],
  ])("[H1] %s is served: %d", async (target, status, method, id) => {
    const api = new Api();
    const response = await api.send(target);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(api.calls.map(([name, instanceId]) => [name, instanceId])).toEqual([[method, id]]);
  });

  // On v1.0-alpha1 this is the seed's GET of an instance called "start".
  const getOfStart = version === "v1.0-alpha1" ? [] : [`GET ${root}/Hello/start`];

  it.each([
    ...getOfStart,
    `GET ${root}/a/pause/x/y`,
    `PUT ${root}/a`,
    `DELETE ${root}/a`,
    `POST ${root}/a`,
    `HEAD ${root}/a`,
    `OPTIONS ${root}/a`,
    `PATCH ${root}/a/pause`,
    `POST ${root}/a/events/go`,
    `POST ${root}/a/raiseEvent`,
    `POST ${root}/a/Pause`,
    `POST ${root}/start`,
    `POST /${version}/workflows/dapr`,
    `GET /${version}/workflows`,
  ])("[H2] %s: any other path or method is 404 ERR_DIRECT_INVOKE, never 405", async (target) => {
    const api = new Api();
    expect(await read(await api.send(target))).toEqual(NO_ROUTE);
    expect(api.calls).toEqual([]);
  });
});

describe("paths", () => {
  it.each([
    "/",
    "/v1.0",
    "/v2.0/workflows/dapr/a",
    "/v1.0-alpha2/workflows/dapr/a",
    "/v1x0/workflows/dapr/a",
    "/V1.0/workflows/dapr/a",
    "/workflows/dapr/a",
  ])("[H2] GET %s is no route", async (path) => {
    expect(await read(await new Api().send(`GET ${path}`))).toEqual(NO_ROUTE);
  });

  it.each([
    "GET //v1.0/workflows/dapr/a",
    "GET /v1.0//workflows///dapr/a",
    "GET /v1.0/workflows/dapr/a/",
    "GET /v1.0/workflows/dapr/a///",
    "GET /v1.0/./workflows/x/../dapr/a",
  ])("[H3] %s: double slashes, trailing slashes and dots are normalised", async (target) => {
    const api = new Api();
    expect((await api.send(target)).status).toBe(200);
    expect(api.calls).toEqual([["describe", "a", { payloads: true }]]);
  });

  it.each([
    "POST /v1.0/workflows/dapr//start",
    "POST /v1.0/workflows/dapr//terminate",
    "POST /v1.0/workflows/dapr/a/raiseEvent/",
  ])("[H3] %s: an empty name or ID cannot be sent, the path is another one without it", async (target) => {
    const api = new Api();
    expect(await read(await api.send(target))).toEqual(NO_ROUTE);
    expect(api.calls).toEqual([]);
  });

  it("[H3] the query survives the normalisation of the path", async () => {
    const api = new Api();
    await api.send("POST //v1.0/workflows/dapr/Hello/start/?instanceID=a");
    expect(api.calls.map(([, id]) => id)).toEqual(["a"]);
  });

  it("[H3] the router sees no query: it would copy all values of a name for each further one", () => {
    const call = newCall(new Request(`http://localhost//v1.0/healthz/?${"=1&".repeat(5_000)}a=2`));
    expect([call.url, call.searchParams.get("a")]).toEqual(["http://localhost/v1.0/healthz", "2"]);
  });

  it.each([
    ["instanceID=a&instanceID=b", "a"],
    ["instanceID=&instanceID=b", undefined],
    ["instanceid=b", undefined],
  ])("[H3] the first value of a query parameter counts, also when it is empty, as in Go: %s", async (query, id) => {
    const api = new Api();
    await api.send(`POST /v1.0/workflows/dapr/Hello/start?${query}`);
    expect(api.calls.map(([, id]) => id)).toEqual([id ?? expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  });

  it.each([
    ["a%3Ab", "a:b"],
    ["a+b", "a b"],
    ["a%2Bb", "a+b"],
    ["a%2Fb", "a/b"],
    ["%E2%82%AC", "€"],
    ["€", "€"],
    ["a%2525b", "a%25b"],
    ["a.b", "a.b"],
    ["a;b=c&d", "a;b=c&d"],
    ["constructor", "constructor"],
    ["__proto__", "__proto__"],
  ])("[H4] the segment %s names %s", async (segment, id) => {
    const api = new Api();
    await api.send(`GET /v1.0/workflows/dapr/${segment}`);
    expect(api.calls).toEqual([["describe", id, { payloads: true }]]);
  });

  it.each([
    "/v1.0/workflows/dapr/a%zz/pause",
    "/v1.0/workflows/dapr/a%/pause",
    "/v1.0/workflows/d%2/a/pause",
    "/v1.0/workflows/dapr/%ff/pause",
    "/v1.0/workflows/dapr/a/raiseEvent/%e2%82",
  ])("[H4] a bad escape in %s is 400 in plain text", async (path) => {
    const api = new Api();
    const response = await api.send(`POST ${path}`);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(await response.text()).toMatch(/bad escape/);
    expect(api.calls).toEqual([]);
  });

  it("[H5] any component is served, as in Dapr since 1.15", async () => {
    expect((await new Api().send("GET /v1.0/workflows/no+such%2Fcomponent/a")).status).toBe(200);
  });
});

describe("?appID= (Dapr HEAD)", () => {
  const OPERATIONS = [
    ["POST /v1.0/workflows/dapr/Hello/start?instanceID=a", "ERR_START_WORKFLOW"],
    ["GET /v1.0/workflows/dapr/a", "ERR_GET_WORKFLOW"],
    ["POST /v1.0/workflows/dapr/a/terminate", "ERR_TERMINATE_WORKFLOW"],
    ["POST /v1.0/workflows/dapr/a/raiseEvent/go", "ERR_RAISE_EVENT_WORKFLOW"],
    ["POST /v1.0/workflows/dapr/a/pause", "ERR_PAUSE_WORKFLOW"],
    ["POST /v1.0/workflows/dapr/a/resume", "ERR_RESUME_WORKFLOW"],
    ["POST /v1.0/workflows/dapr/a/purge", "ERR_PURGE_WORKFLOW"],
  ] as const;

  it.each(OPERATIONS)(
    "[H6] %s: our own app or none is served, another app fails, a bad one is 400",
    async (target, errorCode) => {
      const api = new Api();
      const query = target.includes("?") ? "&" : "?";
      expect((await api.send(`${target}${query}appID=edge`)).status).toBeLessThan(300);
      expect((await api.send(`${target}${query}appID=`)).status).toBeLessThan(300);
      expect(api.calls.length).toBe(2);
      const other = await read(await api.send(`${target}${query}appID=other`));
      const reason = ": app 'other' cannot be reached: this deployment serves the workflows of app 'edge' only";
      expect(other).toEqual({
        status: 500,
        body: { errorCode, message: expect.stringMatching(new RegExp(`[^:]${reason}$`)) },
      });
      expect(await read(await api.send(`${target}${query}appID=a%20b`))).toEqual({
        status: 400,
        body: {
          errorCode: "ERR_WORKFLOW_APP_ID_INVALID",
          message: "workflow app ID 'a b' is invalid: only alphanumeric, dash and underscore characters are allowed",
        },
      });
      expect(api.calls.length).toBe(2);
    },
  );
});
