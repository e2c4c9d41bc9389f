// Requests from web pages: whose are served, whose are refused, and what a browser is told with the answer.
import { describe, expect, it } from "vitest";
import { Api, NO_ROUTE, platformFault, read } from "./support.ts";

const GET = "GET /v1.0/workflows/dapr/a";
const START = "POST /v1.0/workflows/dapr/Hello/start?instanceID=a";
const OWN = "http://localhost:8787";
const FRIEND = "https://app.example.com";

async function expectRefused(api: Api, response: Response): Promise<void> {
  const { status, body } = await read(response);
  expect([status, body]).toEqual([
    403,
    { errorCode: "ERR_CROSS_ORIGIN", message: expect.stringContaining("allowedOrigins") },
  ]);
  expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  expect(api.calls).toEqual([]);
}

describe("without a token, the header Host", () => {
  it.each([
    "localhost",
    "localhost:8787",
    "LOCALHOST:8787",
    "localhost.",
    "a.localhost:1",
    "127.0.0.1",
    "127.0.0.1:8787",
    "127.1:8787",
    "127.255.0.9",
    "[::1]",
    "[::1]:8787",
    "[0:0:0:0:0:0:0:1]:8787",
  ])("[H90] %s is served", async (host) => {
    expect((await new Api().send(GET, undefined, { host })).status).toBe(200);
  });

  it("[H90] the same as the URL's is served, whatever signs a URL allows in it", async () => {
    const host = "mine!.localhost:8787";
    expect((await new Api().send(`GET http://${host}/v1.0/workflows/dapr/a`, undefined, { host })).status).toBe(200);
  });

  it.each([
    "evil.example",
    "evil.example:8787",
    "localhost.evil.example",
    "localhost.evil.example:8787",
    "127.0.0.1.evil.example",
    "evil.example.",
    "notlocalhost",
    "localhost@evil.example",
    "evil.example@localhost",
    "localhost:80@evil.example",
    "localhost/evil.example",
    "evil.example/localhost",
    "evil.example#localhost",
    "evil.example?localhost",
    "evil.example\\localhost",
    "localhost evil.example",
    "localhost, evil.example",
    "localhost:x",
    "localhost:99999",
    "0.0.0.0:8787",
    "10.0.0.1",
    "192.168.1.7:8787",
    "[::]:8787",
    "[::2]",
    "[::1].evil.example",
    "[fe80::1]",
    "%6cocalhost",
    ".localhost",
    "",
  ])("[H90] %j is 401 and reaches no instance, whatever the URL says", async (host) => {
    for (const target of [GET, START, "GET /", "OPTIONS /v1.0/metadata"]) {
      const api = new Api({ allowedOrigins: [FRIEND] });
      const response = await api.send(target, undefined, { host });
      expect([response.status, await response.text()]).toEqual([
        401,
        expect.stringMatching(/DAPR_API_TOKEN.*\.dev\.vars.*`routes`/),
      ]);
      expect(api.calls).toEqual([]);
    }
  });

  it("[H90] does not make up for the host in the URL", async () => {
    const response = await new Api().send("GET http://edge.example.com/v1.0/metadata", undefined, {
      host: "localhost",
    });
    expect(response.status).toBe(401);
  });

  it("[H90] counts before the origin does, and not at all with a token", async () => {
    const foreign = { host: "evil.example", origin: "http://evil.example" };
    expect((await new Api().send(START, "", foreign)).status).toBe(401);
    const api = new Api({ apiToken: "s3cret" });
    const headers = { host: "edge.example.com", "dapr-api-token": "s3cret" };
    expect((await api.send(GET, undefined, headers)).status).toBe(200);
  });
});

/** As Chromium sends them, and Node, curl and the SDKs: dashboard.md 6. */
const SERVED: readonly Record<string, string>[] = [
  {},
  { origin: OWN },
  { origin: OWN, "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" },
  { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" },
  { "sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
  { "sec-fetch-mode": "cors" },
  // Behind a proxy that takes TLS off, only the browser knows.
  { origin: "https://localhost:8787", "sec-fetch-site": "same-origin" },
];
const REFUSED: readonly Record<string, string>[] = [
  { origin: "http://127.0.0.1:9142", "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors" },
  { origin: "http://localhost:9142", "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" },
  { origin: "https://evil.example", "sec-fetch-site": "cross-site", "content-type": "text/plain" },
  { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" },
  { "sec-fetch-site": "same-site" },
  // The browser's own word counts, and not an origin that happens to be ours.
  { origin: OWN, "sec-fetch-site": "cross-site" },
  { "sec-fetch-site": "same-origin, cross-site" },
  { "sec-fetch-site": "SAME-ORIGIN" },
  { "sec-fetch-site": "" },
  { "sec-fetch-site": "something-new" },
  { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
  { origin: "https://evil.example", "content-type": "text/plain" },
  { origin: "null" },
  { origin: "" },
  { origin: "http://localhost" },
  { origin: "https://localhost:8787" },
  { origin: "http://LOCALHOST:8787" },
  { origin: "http://localhost:8787/" },
  { origin: "http://localhost:8787.evil.example" },
  { origin: "http://user@localhost:8787" },
  { origin: "http://localhost:8787@evil.example" },
  { origin: "http://127.0.0.1:8787" },
  { origin: `${OWN}, https://evil.example` },
  { origin: `${OWN}, ${OWN}` },
  { origin: "file://" },
];

describe("where a request comes from", () => {
  it.each(SERVED)("[H91] %j is served, read and start alike", async (headers) => {
    expect((await new Api().send(GET, undefined, headers)).status).toBe(200);
    expect((await new Api().send(START, "{}", headers)).status).toBe(202);
  });

  it.each(REFUSED)("[H91] %j is 403 on every route and method, reads too, and reaches no instance", async (headers) => {
    for (const target of [
      GET,
      START,
      "POST /v1.0/workflows/dapr/a/purge?force=true",
      "GET /v1.0/workflows/dapr/a/history",
      "GET /v1.0/metadata",
      "GET /nowhere",
      "HEAD /v1.0/metadata",
      "PUT /v1.0/workflows/dapr/a",
    ]) {
      const api = new Api({ allowedOrigins: [FRIEND] });
      await expectRefused(api, await api.send(target, target.startsWith("POST") ? "{}" : undefined, headers));
    }
  });

  it.each(REFUSED)("[H91] %j is 403 before the token is looked at, right or wrong", async (headers) => {
    for (const token of ["s3cret", "wrong"]) {
      const api = new Api({ apiToken: "s3cret" });
      await expectRefused(api, await api.send(START, "{}", { ...headers, "dapr-api-token": token }));
    }
  });

  it("[H91] an origin with the default port is not what browsers write, and the URL's own default port is left out", async () => {
    const url = "http://localhost:80/v1.0/workflows/dapr/a";
    expect((await new Api().send(`GET ${url}`, undefined, { origin: "http://localhost" })).status).toBe(200);
    expect((await new Api().send(`GET ${url}`, undefined, { origin: "http://localhost:80" })).status).toBe(403);
  });

  it("[H91] says what was found, bounded, and what to set", async () => {
    const origin = `https://${"e".repeat(5_000)}.example`;
    const { body } = await read(await new Api().send(GET, undefined, { origin, "sec-fetch-site": "cross-site" }));
    const { message } = body as { message: string };
    expect(message).toMatch(
      /sec-fetch-site is "cross-site".*origin is "https:\/\/eee.*allowedOrigins: \["https:\/\/…"\]/,
    );
    expect(message.length).toBeLessThan(500);
  });

  it("[H91] a caller in this process is served whatever it sends", async () => {
    const api = new Api({ trusted: true });
    const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site", host: "evil.example" };
    expect((await api.send(START, "{}", headers)).status).toBe(202);
  });

  it.each(REFUSED)("[H91] a health probe of a page, %j, is 403 as well", async (headers) => {
    for (const path of ["/v1.0/healthz", "/v1.0/healthz?appid=edge", "/v1.0/healthz/outbound"]) {
      const api = new Api();
      await expectRefused(api, await api.send(`GET ${path}`, undefined, headers));
    }
  });

  it("[H91] a health probe of a load balancer is served: any host, no token", async () => {
    for (const apiToken of [undefined, "s3cret"])
      for (const path of ["/v1.0/healthz", "/v1.0/healthz/outbound"]) {
        const api = new Api({ apiToken });
        expect((await api.send(`GET http://10.0.0.7${path}`, undefined, { host: "10.0.0.7" })).status).toBe(204);
      }
  });
});

const LINK = {
  "sec-fetch-site": "cross-site",
  "sec-fetch-mode": "navigate",
  "sec-fetch-dest": "document",
};

describe("a link from elsewhere", () => {
  it.each(["/", "/ui/", "/ui", "/ui/index.html", "/docs", "/docs/", "/docs/index.html"])(
    "[H92] to the page %s is let through",
    async (path) => {
      expect(await read(await new Api().send(`GET ${path}`, undefined, LINK))).toEqual(NO_ROUTE);
      expect((await new Api({ basePath: "/w" }).send(`GET /w${path}`, undefined, LINK)).status).toBe(404);
    },
  );

  it.each([
    "/uix",
    "/docsx",
    "/UI/",
    "/docs%2fx",
    "/x/ui/",
    "/documents",
    "/v1.0/ui/",
    "/v1.0/metadata",
    "/v1.0/workflows/dapr/a",
  ])("[H92] to %s is not", async (path) => {
    const api = new Api();
    await expectRefused(api, await api.send(`GET ${path}`, undefined, LINK));
  });

  it.each([
    ["POST /ui/", LINK],
    ["HEAD /ui/", LINK],
    ["GET /ui/", { ...LINK, "sec-fetch-mode": "cors" }],
    ["GET /ui/", { ...LINK, "sec-fetch-dest": "iframe" }],
    ["GET /ui/", { "sec-fetch-site": "cross-site" }],
    ["GET /ui/", { origin: "https://evil.example" }],
  ] as const)("[H92] %s with %j is not: no frame, no script, no form", async (target, headers) => {
    const api = new Api();
    await expectRefused(api, await api.send(target, undefined, headers));
  });
});

const PREFLIGHT = {
  origin: FRIEND,
  "access-control-request-method": "POST",
  "access-control-request-headers": "dapr-api-token",
  "sec-fetch-site": "cross-site",
  "sec-fetch-mode": "cors",
};
const CORS = {
  "access-control-allow-origin": FRIEND,
  vary: "origin",
  "access-control-expose-headers": "traceparent, warning",
};

describe("allowedOrigins", () => {
  const allowed = { allowedOrigins: ["https://other.example", FRIEND] };
  const friend = { origin: FRIEND, "sec-fetch-site": "cross-site" };

  it("[H93] an allowed origin is served and may read the answer: 2xx, 400, 401, 404 and 500 alike, without credentials", async () => {
    const api = new Api({ ...allowed, apiToken: "s3cret" });
    const withToken = { ...friend, "dapr-api-token": "s3cret" };
    const cors = async (status: number, target: string, headers: Record<string, string>) => {
      const response = await api.send(target, undefined, headers);
      expect(response.status).toBe(status);
      expect(Object.fromEntries(response.headers)).toMatchObject(CORS);
      expect(response.headers.has("access-control-allow-credentials")).toBe(false);
    };
    await cors(200, GET, withToken);
    await cors(202, START, withToken);
    await cors(401, GET, friend);
    await cors(401, GET, { ...friend, "dapr-api-token": "wrong" });
    await cors(404, "GET /nowhere", withToken);
    await cors(400, "POST /v1.0/workflows/dapr/a%zz/pause", withToken);
    await cors(400, GET, { ...withToken, baggage: "bad" });
    await cors(204, "GET /v1.0/healthz", friend);
    api.answers.state = platformFault();
    await cors(500, GET, withToken);
  });

  it("[H93] an origin that is like an allowed one is not allowed", async () => {
    for (const origin of [
      "https://app.example.com:443",
      "http://app.example.com",
      "https://app.example.com.evil.example",
      "https://APP.example.com",
      "https://app.example.com/",
      "https://u@app.example.com",
      "null",
      "*",
      `${FRIEND}, ${FRIEND}`,
    ]) {
      const api = new Api(allowed);
      await expectRefused(api, await api.send(GET, undefined, { origin, "sec-fetch-site": "cross-site" }));
    }
  });

  it("[H93] nobody else's answer has these headers", async () => {
    for (const headers of [{}, { origin: OWN }, { "sec-fetch-site": "same-origin" }] as Record<string, string>[]) {
      const response = await new Api(allowed).send(GET, undefined, headers);
      expect(
        [...response.headers.keys()].filter((name) => name.startsWith("access-control") || name === "vary"),
      ).toEqual([]);
    }
  });

  it.each([GET, START, "GET /nowhere"])(
    "[H94] the preflight of %s: 204, before a token is asked for",
    async (target) => {
      for (const apiToken of [undefined, "s3cret"]) {
        const api = new Api({ ...allowed, apiToken });
        const response = await api.send(target.replace(/^\w+/, "OPTIONS"), undefined, PREFLIGHT);
        expect([response.status, await response.text()]).toEqual([204, ""]);
        expect(Object.fromEntries(response.headers)).toMatchObject({
          ...CORS,
          "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
          "access-control-allow-headers": expect.stringMatching(
            /^authorization, dapr-api-token, content-type, last-event-id(, \w+)*$/,
          ),
        });
        expect(response.headers.get("access-control-allow-headers")).toContain("traceparent");
        expect(response.headers.has("access-control-allow-credentials")).toBe(false);
        expect(api.calls).toEqual([]);
      }
    },
  );

  it("[H94] the preflight of any other origin is Dapr's 404, without a header of that kind", async () => {
    for (const deps of [{}, allowed, { ...allowed, apiToken: "s3cret" }])
      for (const origin of ["https://evil.example", "null", OWN]) {
        const response = await new Api(deps).send("OPTIONS /v1.0/metadata", undefined, { ...PREFLIGHT, origin });
        expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
        expect(await read(response)).toEqual(NO_ROUTE);
      }
  });

  it("[H94] OPTIONS that is no preflight needs the token, as any other route that is none", async () => {
    const api = new Api({ ...allowed, apiToken: "s3cret" });
    expect((await api.send("OPTIONS /v1.0/metadata", undefined, { origin: FRIEND })).status).toBe(401);
    const { origin: _, ...fromNowhere } = PREFLIGHT;
    expect((await api.send("OPTIONS /v1.0/metadata", undefined, fromNowhere)).status).toBe(401);
    expect((await api.send("OPTIONS /v1.0/metadata", undefined, { "dapr-api-token": "s3cret" })).status).toBe(404);
  });

  it("[H94] without a token, a preflight to another host is 401", async () => {
    const response = await new Api(allowed).send("OPTIONS http://edge.example.com/v1.0/metadata", undefined, PREFLIGHT);
    expect(response.status).toBe(401);
  });
});

it.each([
  [GET, 200],
  [START, 202],
  ["GET /nowhere", 404],
  ["POST /v1.0/workflows/dapr/a%zz/pause", 400],
  ["GET http://edge.example.com/v1.0/metadata", 401],
  ["GET /v1.0/healthz", 204],
  ["GET /v1.0/healthz?appid=other", 500],
] as const)("[H95] %s (%d) is to be stored nowhere, sniffed by nobody, embedded by no page", async (target, status) => {
  const { headers, status: found } = await new Api().send(target);
  expect([found, Object.fromEntries(headers)]).toMatchObject([
    status,
    {
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
    },
  ]);
});
