// Requests as nobody should send them: every route, method, header, query, body and ID, right and wrong.
import fc from "fast-check";

/** In bodies, queries and headers: where it comes up later shows what has leaked. */
export const MARKER = "leak-7f3a9c";
/** Instances that nobody but those who name them should reach, and what their payloads say. */
export const VICTIMS = ["victim-1", "victim-2"] as const;
export const VICTIM_SECRET = "victims-own-5d21e8";
/** The secret of the worlds that have one. It is sent in the two headers for it and nowhere else. */
export const TOKEN = "t0ken-91b7c4";

/** Whose pages may send requests, in all worlds. */
export const FRIEND = "https://friend.example";

/** What the headers of a browser, or of somebody who plays one, say: written down here with each of them, not found out by a rule. */
export interface Sender {
  readonly headers: Readonly<Record<string, string>>;
  /** `link`: a page of another origin that is left for this one, which only pages are open to. */
  readonly from: "nobody" | "own page" | "friend" | "foreign page" | "link";
  readonly toLoopback: boolean;
}

export interface HostileRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Its headers hold the right token, as docs/http-api.md asks for it. */
  readonly hasToken: boolean;
  readonly sender: Omit<Sender, "headers">;
  readonly body: string | Uint8Array<ArrayBuffer> | undefined;
}

const deep = (open: string, close: string) => open.repeat(100_000) + close.repeat(100_000);

const segment = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...VICTIMS, "a", "order-1", "ünïcode", "é😀") },
  { weight: 3, arbitrary: fc.string({ unit: "binary", maxLength: 20 }).map(encodeSafely) },
  {
    weight: 3,
    arbitrary: fc.string({ unit: "grapheme-ascii", maxLength: 12 }).map((text) => text.replace(/[/?#\\]/g, "")),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      "%",
      "%zz",
      "%c3",
      "%ed%a0%80",
      "%00",
      "%2f",
      "..%2f..",
      "%2e%2e",
      ".",
      "..",
      "a%2fb",
      "victim-1%2f..%2fvictim-2",
      "victim-1%00",
      "VICTIM-1",
      "victim-1%20",
      "__proto__",
      "constructor",
      "toString",
      "raiseEvent",
      "start",
      "x".repeat(64),
      "x".repeat(65),
      "x".repeat(5_000),
      "%F0%9F%98%80".repeat(17),
      "'; DROP TABLE instance; --",
      "<script>alert(1)</script>",
    ),
  },
);

const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("echo", "event", "call", "unregistered") },
  { weight: 1, arbitrary: segment },
);

const READS =
  /^(\/v1\.0(-beta1|-alpha1)?\/workflows\/dapr\/[^/?]*(\/(history|query\/[^/?]*))?|\/v1\.0\/(healthz.*|metadata))(\?.*)?$/;
const version = fc.constantFrom("v1.0", "v1.0-beta1", "v1.0-alpha1");
const operation = fc.constantFrom("pause", "resume", "terminate", "purge", "cancel", "history");
// Some are called as what the last segment of another route is.
const event = fc.oneof(
  { weight: 4, arbitrary: segment },
  { weight: 1, arbitrary: fc.constantFrom("start", "raiseEvent", "pause", "history") },
);

const path = fc.oneof(
  fc.tuple(version, name, fc.constant("start")).map(([v, n, last]) => `/${v}/workflows/dapr/${n}/${last}`),
  fc.tuple(version, segment).map(([v, id]) => `/${v}/workflows/dapr/${id}`),
  fc.tuple(version, segment, operation).map(([v, id, what]) => `/${v}/workflows/dapr/${id}/${what}`),
  fc.tuple(version, segment, event).map(([v, id, event]) => `/${v}/workflows/dapr/${id}/raiseEvent/${event}`),
  fc
    .tuple(segment, fc.constantFrom("query", "update"), segment)
    .map(([id, kind, what]) => `/v1.0/workflows/dapr/${id}/${kind}/${what}`),
  fc.tuple(name, segment).map(([n, id]) => `/v1.0-alpha1/workflows/dapr/${n}/${id}/start`),
  fc.tuple(name, segment).map(([n, id]) => `/v1.0-alpha1/workflows/dapr/${n}/${id}`),
  fc.constantFrom(
    "/",
    "/v1.0/healthz",
    "/v1.0/healthz/outbound",
    "/v1.0/metadata",
    "//v1.0//workflows",
    "/v2.0/workflows/dapr/a",
  ),
  fc.array(segment, { maxLength: 8 }).map((segments) => `/${segments.join("/")}`),
);

const page = fc.constantFrom("/ui/", "/ui", "/ui/index.html", "/docs", "/docs/", "/uix", "/docs/x");

const queryValue = fc.oneof(
  fc.constantFrom(
    "",
    "true",
    "false",
    "TRUE",
    "1",
    "-1",
    "0",
    "1e9",
    "NaN",
    "completed",
    "started",
    "victim-1",
    "edge",
    "x",
    MARKER,
  ),
  fc.constantFrom(
    "2026-01-02T03:04:05Z",
    "9999-12-31T23:59:59Z",
    "0000-00-00",
    "tomorrow",
    "99999999999999999999",
    "%ff",
    "x".repeat(300),
  ),
  fc.string({ unit: "binary", maxLength: 20 }).map(encodeSafely),
);
const queryName = fc.constantFrom(
  "instanceID",
  "appID",
  "startTime",
  "waitFor",
  "timeoutSeconds",
  "fetchPayloads",
  "nonRecursive",
  "force",
  "input",
  "updateID",
  "limit",
  "continuationToken",
  "__proto__",
  "unknown",
  "instanceId",
  "reason",
  "%22%0d%0ax:",
  "%F0%9F%98%80%ff",
);
const query = fc
  .array(fc.tuple(queryName, queryValue), { maxLength: 4 })
  .map((pairs) => (pairs.length === 0 ? "" : `?${pairs.map(([key, value]) => `${key}=${value}`).join("&")}`));

/** Up to 64 KiB. From a number, because fast-check is slow at so many bytes. Half of them are UTF-8: control characters and ASCII. */
const manyBytes = fc.tuple(fc.nat(65_536), fc.nat(), fc.constantFrom(0xff, 0x7f)).map(([length, seed, mask]) => {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 24) & mask;
  });
});

const body = fc.oneof(
  { weight: 4, arbitrary: fc.constant(undefined) },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      "",
      "{}",
      "null",
      "[]",
      '"text"',
      `{"input":"${MARKER}"}`,
      `{"reason":"${MARKER}"}`,
      '{"reason":7}',
      `{"output":{"${MARKER}":1}}`,
      '{"__proto__":{"polluted":true}}',
      '{"constructor":{"prototype":{"polluted":true}}}',
      '{"input":{"__proto__":{"polluted":true}}}',
      "{",
      MARKER,
      "\ufeff{}",
      deep("[", "]"),
      `{"input":${deep("[", "]")}}`,
      deep('{"a":', "}"),
      `"${"y".repeat(70_000)}"`,
      "z".repeat(4 * 1024 * 1024 + 1),
    ),
  },
  { weight: 2, arbitrary: fc.json().map((text) => text) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes) => new Uint8Array(bytes)) },
  { weight: 1, arbitrary: manyBytes },
);

const headerValue = fc.oneof(
  fc.constantFrom(
    "",
    "0",
    "-1",
    "application/json",
    "text/xml; charset=utf-16",
    MARKER,
    "x".repeat(9_000),
    "a=b",
    "a=b;c=d,e",
    "=,;",
  ),
  fc.constantFrom(
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "ff-0-0-0",
    `00-${"0".repeat(32)}-${"0".repeat(16)}-00`,
  ),
  fc.string({ unit: "grapheme-ascii", maxLength: 30 }).map((text) => text.trim()),
);
const headerName = fc.constantFrom(
  "content-type",
  "baggage",
  "traceparent",
  "tracestate",
  "dapr-app-id",
  "x-forwarded-for",
  "content-encoding",
  "accept",
);

const wrongToken = fc.oneof(
  fc.constantFrom(
    "",
    TOKEN.slice(0, -1),
    TOKEN.slice(1),
    `${TOKEN}x`,
    `${TOKEN.slice(0, -1)}x`,
    `x${TOKEN.slice(1)}`,
    TOKEN.toUpperCase(),
    TOKEN + TOKEN,
    `${TOKEN}\u00e9`,
    `Bearer ${TOKEN}`,
    // What becomes of a header that is sent twice.
    `${TOKEN}, ${TOKEN}`,
    `${TOKEN}, wrong`,
    `wrong, ${TOKEN}`,
  ),
  headerValue,
);
type Credentials = Pick<HostileRequest, "headers" | "hasToken">;
const credentials: fc.Arbitrary<Credentials> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .constantFrom<HostileRequest["headers"]>(
        { "dapr-api-token": TOKEN },
        { authorization: `Bearer ${TOKEN}` },
        { authorization: `bearer   ${TOKEN}` },
        { "dapr-api-token": TOKEN, authorization: "Basic abc" },
        { "dapr-api-token": TOKEN, authorization: "Bearer wrong" },
      )
      .map((headers) => ({ headers, hasToken: true })),
  },
  { weight: 1, arbitrary: fc.constant<Credentials>({ headers: {}, hasToken: false }) },
  {
    weight: 2,
    arbitrary: fc
      .oneof(
        wrongToken.map((token) => ({ "dapr-api-token": token })),
        wrongToken.map((token) => ({ authorization: `Bearer ${token}` })),
        // Dapr's header decides.
        wrongToken.map((token) => ({ "dapr-api-token": token, authorization: `Bearer ${TOKEN}` })),
        headerValue.map((authorization) => ({ authorization })),
        fc.constantFrom(TOKEN, `Basic ${TOKEN}`, `Bearer${TOKEN}`).map((authorization) => ({ authorization })),
      )
      .map((headers) => ({ headers, hasToken: false })),
  },
);

const OWN = "http://localhost:8787";
const EVIL = "https://evil.example";
const site = (value: string) => ({ "sec-fetch-site": value });
const visit = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
const origins: fc.Arbitrary<Omit<Sender, "toLoopback">> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ from: "nobody" as const, headers: {} }) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom<Sender["headers"]>(
        { origin: OWN },
        { origin: OWN, ...site("same-origin") },
        { origin: "https://localhost:8787", ...site("same-origin") },
        site("same-origin"),
        { ...site("none"), ...visit },
        { "sec-fetch-mode": "cors" },
      )
      .map((headers) => ({ from: "own page" as const, headers })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<Sender["headers"]>(
        { origin: FRIEND },
        { origin: FRIEND, ...site("cross-site"), "sec-fetch-mode": "cors" },
        { origin: FRIEND, "access-control-request-method": "POST", ...site("cross-site") },
      )
      .map((headers) => ({ from: "friend" as const, headers })),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom<Sender["headers"]>(
        { origin: EVIL },
        { origin: EVIL, ...site("cross-site") },
        { origin: EVIL, "access-control-request-method": "POST", ...site("cross-site") },
        { origin: "http://127.0.0.1:9142", ...site("same-site") },
        { origin: OWN, ...site("cross-site") },
        { origin: "null" },
        { origin: "" },
        { origin: `${FRIEND}:443` },
        { origin: `${FRIEND}/` },
        { origin: `${FRIEND}.evil.example`, ...site("cross-site") },
        { origin: `${FRIEND}, ${FRIEND}` },
        { origin: "https://x@friend.example" },
        { origin: `${OWN}@evil.example` },
        { origin: "*" },
        { origin: `https://${MARKER}.example` },
        site(""),
        site("cross-site"),
        site("same-origin, none"),
        { ...site("cross-site"), "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" },
      )
      .map((headers) => ({ from: "foreign page" as const, headers })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<Sender["headers"]>(
        { ...site("cross-site"), ...visit },
        { origin: EVIL, ...site("cross-site"), ...visit },
      )
      .map((headers) => ({ from: "link" as const, headers })),
  },
);
const hosts: fc.Arbitrary<{ readonly host?: string; readonly toLoopback: boolean }> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ toLoopback: true }) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        "localhost:8787",
        "LOCALHOST",
        "localhost.",
        "a.localhost:1",
        "127.0.0.1:8787",
        "127.1",
        "[::1]:8787",
      )
      .map((host) => ({ host, toLoopback: true })),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        "",
        "evil.example",
        "evil.example:8787",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "evil.example@localhost",
        "localhost, evil.example",
        "evil.example/localhost",
        "0.0.0.0",
        "[::]:8787",
        "localhost:99999",
        "%6cocalhost",
        `${MARKER}.example`,
      )
      .map((host) => ({ host, toLoopback: false })),
  },
);
const sender: fc.Arbitrary<Sender> = fc.tuple(origins, hosts).map(([{ from, headers }, { host, toLoopback }]) => ({
  from,
  toLoopback,
  headers: host === undefined ? headers : { ...headers, host },
}));

const parts = fc.record({
  // Mostly the method that the route has.
  method: fc.oneof(
    { weight: 8, arbitrary: fc.constant("") },
    { weight: 1, arbitrary: fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "PROPFIND") },
  ),
  target: fc
    .tuple(fc.oneof({ weight: 30, arbitrary: path }, { weight: 1, arbitrary: page }), query)
    .map(([p, q]) => p + q),
  headers: fc.dictionary(headerName, headerValue, { maxKeys: 3, noNullPrototype: true }),
  credentials,
  sender,
  body,
});

export const hostileRequest: fc.Arbitrary<HostileRequest> = parts.map(
  ({ method, target, headers, credentials, sender: { headers: ofSender, from, toLoopback }, body }) => ({
    method: method || (READS.test(target) ? "GET" : "POST"),
    target,
    headers: { ...headers, ...credentials.headers, ...ofSender },
    hasToken: credentials.hasToken,
    sender: { from, toLoopback },
    body,
  }),
);

/** As `encodeURIComponent`, but half a surrogate pair is encoded too, as the bytes that it would be. */
function encodeSafely(text: string): string {
  return [...text]
    .map((char) => (/[\ud800-\udfff]/.test(char) && char.length === 1 ? "%ed%a0%80" : encodeURIComponent(char)))
    .join("");
}
