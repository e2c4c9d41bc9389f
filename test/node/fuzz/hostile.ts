// Requests as nobody should send them: every route, method, header, query, body and ID, right and wrong.
import fc from "fast-check";
import { ROUTES } from "../../../src/http/routes.ts";
import { HOLDERS, type Holder, MARKER, TOKEN } from "./marks.ts";
import { type Reachable, targetsOf } from "./targets.ts";

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
  /** Whose token its headers hold, as docs/http-api.md asks for it. */
  readonly holder: Holder | undefined;
  readonly sender: Omit<Sender, "headers">;
  readonly body: string | Uint8Array<ArrayBuffer> | undefined;
}

const deep = (open: string, close: string) => open.repeat(100_000) + close.repeat(100_000);

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
      '{"instanceIDs":["order-2","gone","victim-1"]}',
      `{"instanceIDs":["order-2"],"reason":"${MARKER}"}`,
      `{"instanceIDs":["","${"x".repeat(2_000)}"]}`,
      `{"instanceIDs":${JSON.stringify(Array.from({ length: 21 }, (_, n) => `i${n}`))}}`,
      '{"instanceIDs":["\\ud800"],"__proto__":{"polluted":true}}',
      '{"operation":"terminate","instanceIDs":["victim-1","gone"]}',
      '{"operation":"purge","instanceIDs":["victim-1","gone"],"dryRun":true,"force":true}',
      `{"operation":"raise","filter":{"q":"Name = '${MARKER}'"},"eventName":"e","payload":"${MARKER}","confirm":0}`,
      '{"operation":"cancel","filter":{"__proto__":"x","status":"FAILED","order":"asc"}}',
      '{"operation":"cancel","filter":{},"rps":1e400,"confirm":1.5}',
      `{"operation":"terminate","instanceIDs":["a"],"output":${deep("[", "]")}}`,
      `{"id":"nightly","workflowName":"${MARKER}","cron":"*/5 * * * *","timeZone":"Europe/Berlin","input":"${MARKER}"}`,
      `{"workflowName":"w","cron":["0 0 31 2 *","${"1,".repeat(90)}1 * * * *"],"timeZone":"../../etc"}`,
      '{"workflowName":"w","interval":"1s","anchor":"0000-01-01T00:00:00Z","offset":"2540400h","jitter":"2540400h"}',
      '{"workflowName":"w","at":"9999-12-31T23:59:59Z","__proto__":{"polluted":true},"searchAttributes":{"__proto__":"x"}}',
      '{"cron":"59 59 23 31 12 7","startAt":"9999-12-31T23:59:59Z","endAt":"0001-01-01T00:00:00Z"}',
      '{"from":"0001-01-01T00:00:00Z","to":"2026-01-01T00:00:00Z","overlap":"bufferAll"}',
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
const ADMIN: Holder = { name: "DAPR_API_TOKEN", role: "admin", token: TOKEN };
type Credentials = Pick<HostileRequest, "headers" | "holder">;
const credentials: fc.Arbitrary<Credentials> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        fc.oneof({ weight: 4, arbitrary: fc.constant(ADMIN) }, { weight: 4, arbitrary: fc.constantFrom(...HOLDERS) }),
        fc.constantFrom<(token: string) => HostileRequest["headers"]>(
          (token) => ({ "dapr-api-token": token }),
          (token) => ({ authorization: `Bearer ${token}` }),
          (token) => ({ authorization: `bearer   ${token}` }),
          (token) => ({ "dapr-api-token": token, authorization: "Basic abc" }),
          (token) => ({ "dapr-api-token": token, authorization: "Bearer wrong" }),
        ),
      )
      .map(([holder, headersWith]) => ({ headers: headersWith(holder.token), holder })),
  },
  { weight: 1, arbitrary: fc.constant<Credentials>({ headers: {}, holder: undefined }) },
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
      .map((headers) => ({ headers, holder: undefined })),
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

const methods = fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "PROPFIND");

/** To the routes of the table, but for tests of this. */
export function hostileRequests(routes: readonly Reachable[] = ROUTES): fc.Arbitrary<HostileRequest> {
  return fc
    .record({
      // Mostly the method that the route has.
      method: fc.oneof({ weight: 8, arbitrary: fc.constant("") }, { weight: 1, arbitrary: methods }),
      to: targetsOf(routes),
      headers: fc.dictionary(headerName, headerValue, { maxKeys: 3, noNullPrototype: true }),
      credentials,
      sender,
      body,
    })
    .map(({ method, to, headers, credentials, sender: { headers: ofSender, from, toLoopback }, body }) => ({
      method: method || to.method,
      target: to.target,
      headers: { ...headers, ...credentials.headers, ...ofSender },
      holder: credentials.holder,
      sender: { from, toLoopback },
      body,
    }));
}
