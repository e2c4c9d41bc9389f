// Where hostile requests go: to every route of the table, under its own and under other names, with its own parameters and with others; and to
// no route at all. A row of the table is all that it takes to be here.
import fc from "fast-check";
import { EVERYTHING } from "../../../src/catalog/query/condition.ts";
import { readParameters } from "../../../src/catalog/query/parameters.ts";
import { pageToken, sinceToken } from "../../../src/catalog/reading/token.ts";
import { ROUTES, type Route } from "../../../src/http/routes.ts";
import { MARKER, VICTIMS } from "./marks.ts";

/** What this needs to know of a row. */
export type Reachable = Pick<Route, "operation" | "method" | "path" | "parameters">;

export interface HostileTarget {
  /** That of the route; GET where there is none. */
  readonly method: string;
  /** Path and query, as sent. */
  readonly target: string;
}

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
      "bulk:00000000-0000-4000-8000-000000000001",
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

const workflow = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("echo", "event", "call", "unregistered") },
  { weight: 1, arbitrary: segment },
);
/** Some are called as what the last segment of another route is. */
const event = fc.oneof(
  { weight: 4, arbitrary: segment },
  { weight: 1, arbitrary: fc.constantFrom("start", "raiseEvent", "pause", "history", "events") },
);
/** What a name in a path stands for; of any other it is not known, and it gets what IDs get. */
const NAMES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  component: fc.oneof({ weight: 20, arbitrary: fc.constant("dapr") }, { weight: 1, arbitrary: segment }),
  name: fc.oneof(workflow, segment),
  event,
};

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
const token = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const hashOf = (text: string): unknown => JSON.parse(Buffer.from(text, "base64url").toString()).at(-1);
const { filter: all } = readParameters([]);
const place = { createdAtMs: 1, instanceId: "order-2" };
const OF_PAGE = hashOf(pageToken(place, all, "desc"));
const OF_CHANGES = hashOf(sinceToken(new Map(), all));
/** Tokens that an answer has given, of other lists too, and such as somebody has made. */
const TOKENS = [
  pageToken(place, all, "desc"),
  pageToken(place, all, "asc"),
  pageToken(place, EVERYTHING, "desc"),
  sinceToken(new Map([["0-0", { epoch: "e", position: 0 }]]), all),
  sinceToken(new Map([["9-9", { epoch: "e", position: 1 }]]), all),
  token([1e308, MARKER, OF_PAGE]),
  token([-1.5, "x".repeat(5_000), OF_PAGE]),
  token(["1", {}, OF_PAGE]),
  token([1, "\ud800", OF_PAGE]),
  token([OF_CHANGES, ["0-0", "e", -1], ["0-1", "e", Number.MAX_SAFE_INTEGER]]),
  token([OF_CHANGES, ["__proto__", "e", 1], ["0-0", "", 0]]),
  token([OF_CHANGES, ...Array.from({ length: 300 }, (_, n) => [`${n}-${n}`, "e", n])]),
  token([OF_CHANGES, null, "0-0"]),
  token({ length: 3 }),
  "A".repeat(8_000),
];
const QUERIES = [
  "Status = FAILED",
  "Status IN (FAILED, RUNNING) AND NOT x",
  `Name CONTAINS '${MARKER}' OR attr.customer = 'c995'`,
  "attr.total > 7 AND attr.tags = red AND Created < 2026-11-28",
  "'; DROP TABLE entry; --",
  "Name = 'a' UNION SELECT * FROM entry",
  "InstanceID BETWEEN 'a' AND '\u0000' AND attr.x != 1e999",
  "(".repeat(500),
  `Name IN (${"'a',".repeat(30)}'b')`,
  "Name STARTS_WITH '\u{10ffff}'",
  `CustomStatus CONTAINS '${"%_".repeat(500)}'`,
  "x".repeat(5_000),
].map(encodeSafely);
/** What says something to the parameter of this name. */
const VALUES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  q: fc.constantFrom(...QUERIES),
  status: fc.constantFrom("FAILED", "failed,RUNNING", "FAILED,,", "ASLEEP", "FAILED,".repeat(2_000)),
  countBy: fc.constantFrom("status", "status,name,version,errorType,day", "day,day", "colour", "toString"),
  since: fc.constantFrom("", ...TOKENS),
  continuationToken: fc.constantFrom(...TOKENS),
  createdAfter: fc.constantFrom("2026-11-28", "2026-02-30", "0000-01-01", "9999-12-31T23:59:59.999999999Z"),
  name: fc.constantFrom("order", "order*", "*", "%", "_*", "%5c*"),
  idPrefix: fc.constantFrom("order-", "%f4%8f%bf%bf", "%ed%9f%bf", "o".repeat(5_000)),
};
/** Names of which the table knows the beginning. */
const FAMILY = fc.constantFrom(
  "attr.customer",
  "attr.",
  "attr.a%22b",
  "attr.__proto__",
  "attr.%00",
  `attr.${"k".repeat(65)}`,
);

/** Names that no route has, and such as look like those that one has. */
const STRANGE_NAMES = ["__proto__", "unknown", "instanceId", "%22%0d%0ax:", "%F0%9F%98%80%ff"];

const PREFIX = /^\/v1\.0(-beta1|-alpha1)?(?=\/)/;
const prefix = fc.constantFrom("/v1.0", "/v1.0-beta1", "/v1.0-alpha1");

function pathOf({ path }: Reachable): fc.Arbitrary<string> {
  const parts = path.split("/").map((part) => {
    if (!part.startsWith(":")) return fc.constant(part);
    return NAMES[part.slice(1)] ?? segment;
  });
  const under = fc.tuple(...parts).map((segments) => segments.join("/"));
  // An operation under the path of another version may be a route, or none.
  const elsewhere = fc.tuple(under, prefix).map(([text, other]) => text.replace(PREFIX, other));
  return fc.oneof({ weight: 5, arbitrary: under }, { weight: 1, arbitrary: elsewhere });
}

function queryOf(names: readonly string[]): fc.Arbitrary<string> {
  return fc
    .array(fc.constantFrom(...names).chain(parameterOf), { maxLength: 4 })
    .map((pairs) => (pairs.length === 0 ? "" : `?${pairs.map(([key, value]) => `${key}=${value}`).join("&")}`));
}

function parameterOf(name: string): fc.Arbitrary<[string, string]> {
  const own = Object.hasOwn(VALUES, name) ? VALUES[name] : undefined;
  return fc.tuple(
    name.endsWith(".KEY") ? FAMILY : fc.constant(name),
    own === undefined ? queryValue : fc.oneof({ weight: 3, arbitrary: own }, { weight: 1, arbitrary: queryValue }),
  );
}

/** Requests to one operation: it may be there under several paths. */
function targetsAt(routes: readonly Reachable[], everyName: readonly string[]): fc.Arbitrary<HostileTarget> {
  return fc.oneof(
    ...routes.map((route) => {
      const own = Object.keys(route.parameters);
      const query = fc.oneof(
        { weight: 2, arbitrary: queryOf([...own, ...STRANGE_NAMES]) },
        { weight: 1, arbitrary: queryOf(everyName) },
      );
      return fc.tuple(pathOf(route), query).map(([path, search]) => ({ method: route.method, target: path + search }));
    }),
  );
}

const nowhere = fc.oneof(
  fc.constantFrom("/", "//v1.0//workflows", "/v2.0/workflows/dapr/a", "/v1.0", "/v1.0/workflows/dapr"),
  fc.array(segment, { maxLength: 8 }).map((segments) => `/${segments.join("/")}`),
);
const page = fc.constantFrom("/ui/", "/ui", "/ui/index.html", "/docs", "/docs/", "/uix", "/docs/x");

/** As often to one operation as to another, but for those that name nothing in their path: there is less to try. */
export function targetsOf(routes: readonly Reachable[] = ROUTES): fc.Arbitrary<HostileTarget> {
  const byOperation = [...Map.groupBy(routes, ({ operation }) => operation).values()];
  const everyName = [...new Set(routes.flatMap(({ parameters }) => Object.keys(parameters))), ...STRANGE_NAMES];
  const lost = fc
    .tuple(fc.oneof({ weight: 4, arbitrary: nowhere }, { weight: 1, arbitrary: page }), queryOf(everyName))
    .map(([path, search]) => ({ method: "GET", target: path + search }));
  const found = byOperation.map((all) => ({
    weight: all.some(({ path }) => path.includes(":")) ? 3 : 1,
    arbitrary: targetsAt(all, everyName),
  }));
  return fc.oneof({ weight: 12, arbitrary: fc.oneof(...found) }, { weight: 1, arbitrary: lost });
}

/** As `encodeURIComponent`, but half a surrogate pair is encoded too, as the bytes that it would be. */
function encodeSafely(text: string): string {
  return [...text]
    .map((char) => (/[\ud800-\udfff]/.test(char) && char.length === 1 ? "%ed%a0%80" : encodeURIComponent(char)))
    .join("");
}
