// The dashboard's way to a browser: who is led to it, and what a Worker without assets serves itself.
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type ServedFile, servedFiles } from "../../../src/http/served-files.ts";
import { Api, NO_ROUTE, read } from "./support.ts";

const BROWSER = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };
const VISIT = { ...BROWSER, "sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
const LINK = { ...VISIT, "sec-fetch-site": "cross-site" };
const SECRET = { apiToken: "secret" };

async function answerOf(response: Response) {
  return [response.status, response.headers.get("location"), await response.text()];
}

describe("[H191] GET / of a browser", () => {
  it.each([BROWSER, VISIT, LINK])("[H191] is led to the dashboard, without a token too: %j", async (headers) => {
    for (const deps of [{}, SECRET, { tokens: [] }]) {
      const api = new Api(deps);
      expect(await answerOf(await api.send("GET /", undefined, headers))).toEqual([302, "ui/", ""]);
      expect(api.calls).toEqual([]);
    }
  });

  it("[H191] of a deployment without a token as well, which tells there what is missing", async () => {
    expect(await answerOf(await new Api().send("GET https://edge.example.com/", undefined, VISIT))).toEqual([
      302,
      "ui/",
      "",
    ]);
  });

  it.each([
    ["/w/", "ui/", "https://edge.example.com/w/ui/"],
    ["/w", "./w/ui/", "https://edge.example.com/w/ui/"],
    ["/w/a:b", "./a:b/ui/", "https://edge.example.com/w/a:b/ui/"],
    ["/w/a:b/", "ui/", "https://edge.example.com/w/a:b/ui/"],
  ])("[H191] under a base path, %s leads to %s, which is %s", async (path, location, whole) => {
    const api = new Api({ ...SECRET, basePath: path.replace(/\/$/, "") });
    const url = `https://edge.example.com${path}`;
    const response = await api.send(`GET ${url}`, undefined, VISIT);
    expect([response.status, response.headers.get("location")]).toEqual([302, location]);
    expect(new URL(location, url).href).toBe(whole);
  });

  it("[H191] is kept nowhere, and is another answer to others", async () => {
    const { headers } = await new Api().send("GET /", undefined, VISIT);
    expect([headers.get("cache-control"), headers.get("vary")]).toEqual(["no-store", "accept"]);
  });

  it.each([
    ["GET /", {}],
    ["GET /", { accept: "*/*" }],
    ["GET /", { accept: "application/json" }],
    ["HEAD /", BROWSER],
    ["GET /nowhere", BROWSER],
    ["GET /v1.0", BROWSER],
  ])("[H191] %s with %j: Dapr's 404, and 401 where there is a token", async (target, headers) => {
    const { status, body } = await read(await new Api().send(target, undefined, headers));
    expect(target.startsWith("HEAD") ? { ...NO_ROUTE, body } : NO_ROUTE).toEqual({ status, body });
    expect((await new Api(SECRET).send(target, undefined, headers)).status).toBe(401);
  });

  it("[H191] POST / of a browser: the same", async () => {
    expect(await read(await new Api().send("POST /", "", BROWSER))).toEqual(NO_ROUTE);
  });

  it.each([
    { ...LINK, "sec-fetch-mode": "no-cors" },
    { ...LINK, "sec-fetch-dest": "iframe" },
    { ...BROWSER, origin: "https://evil.example" },
  ])("[H191] of a page of somebody else, and no link: 403: %j", async (headers) => {
    expect((await new Api().send("GET /", undefined, headers)).status).toBe(403);
  });
});

const PAGE = "<!doctype html>";
const SCRIPT = "// a script";
const file = (text: string, contentType: string, isImmutable: boolean): ServedFile => ({
  contentType,
  gzip: gzipSync(text).toString("base64"),
  isImmutable,
});
const dashboard = servedFiles(
  {
    "index.html": file(PAGE, "text/html; charset=utf-8", false),
    "assets/a-1.js": file(SCRIPT, "text/javascript; charset=utf-8", true),
  },
  { "content-security-policy": "default-src 'none'" },
);

describe("[H192] the dashboard of the option `dashboard`", () => {
  it.each([
    ["/ui/", PAGE, "text/html; charset=utf-8", "no-cache"],
    ["/ui/index.html", PAGE, "text/html; charset=utf-8", "no-cache"],
    ["/ui/assets/a-1.js", SCRIPT, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"],
  ])("[H192] %s is the file, with the policy, without a token, and leaves no line", async (path, text, type, cache) => {
    const api = new Api({ ...SECRET, dashboard });
    for (const basePath of ["", "/w"]) {
      const under = basePath === "" ? api : new Api({ ...SECRET, dashboard, basePath });
      const response = await under.send(`GET ${basePath}${path}`);
      const names = ["content-type", "cache-control", "content-security-policy", "content-encoding"];
      expect([response.status, await response.text(), ...names.map((name) => response.headers.get(name))]).toEqual([
        200,
        text,
        type,
        cache,
        "default-src 'none'",
        null,
      ]);
    }
    expect(api.log).toEqual([]);
  });

  it("[H192] goes out as it is stored to who can read it, and a HEAD without a body", async () => {
    const api = new Api({ dashboard });
    const packed = { "accept-encoding": "gzip, br" };
    const response = await api.send("GET /ui/", undefined, packed);
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(gunzipSync(await response.bytes()).toString()).toBe(PAGE);
    const head = await api.send("HEAD /ui/", undefined, packed);
    expect([head.status, await head.text(), head.headers.get("content-type")]).toEqual([
      200,
      "",
      "text/html; charset=utf-8",
    ]);
  });

  it("[H192] /ui is led to /ui/, below whatever base path", async () => {
    for (const [basePath, url] of [
      [undefined, "http://localhost:8787/ui"],
      ["/a/b", "http://localhost:8787/a/b/ui"],
    ] as const) {
      const response = await new Api({ dashboard, basePath }).send(`GET ${url}`);
      expect(response.status).toBe(307);
      expect(new URL(response.headers.get("location") ?? "", url).href).toBe(`${url}/`);
    }
  });

  it.each(["GET /ui/nothing.js", "GET /ui/toString", "GET /ui/assets", "POST /ui/", "GET /uix"])(
    "[H192] %s is a request as any other: 404, or 401 with a token",
    async (target) => {
      expect(await read(await new Api({ dashboard }).send(target))).toEqual(NO_ROUTE);
      expect((await new Api({ ...SECRET, dashboard }).send(target)).status).toBe(401);
    },
  );

  it("[H192] without the option there is nothing", async () => {
    expect(await read(await new Api().send("GET /ui/"))).toEqual(NO_ROUTE);
  });
});
