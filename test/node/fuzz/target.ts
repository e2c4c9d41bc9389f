// What is fuzzed: the real HTTP handler over real instances in a world of their own, and the oracle that judges each answer.
import { DEFAULT_MAX_BODY_BYTES } from "../../../src/http/deps.ts";
import { createHttpHandler } from "../../../src/http/handler.ts";
import { ROLES } from "../../../src/http/role.ts";
import { ROUTES } from "../../../src/http/routes.ts";
import type { ApiToken } from "../../../src/http/tokens.ts";
import type { Instance } from "../../../src/instance/instance.ts";
import type { InstanceApi, WatchResult } from "../../../src/instance/protocol.ts";
import type { HistoryPosition } from "../../../src/model/history-position.ts";
import { sha256 } from "../../../src/model/sha256.ts";
import { entry } from "../catalog/support.ts";
import { catalogOf, WAITS, WHOLE } from "../http/catalog-support.ts";
import { faultsOfAnswer, operationAt } from "../http/document.ts";
import { limitsOf } from "../http/limits-support.ts";
import { schedulesOf } from "../http/schedule-support.ts";
import { makeWorld } from "../instance/support.ts";
import type { World } from "../instance/world.ts";
import { FRIEND, type HostileRequest } from "./hostile.ts";
import { HOLDERS, type Holder, MARKER, TOKEN, VICTIM_SECRET, VICTIMS } from "./marks.ts";

/** What a request is told that reaches no route, by status. What one may be told that does is in the OpenAPI document. */
const OF_NO_ROUTE: Readonly<Record<number, RegExp>> = {
  403: /^ERR_CROSS_ORIGIN$/,
  404: /^ERR_DIRECT_INVOKE$/,
};
const PLAIN_TEXTS: Readonly<Record<number, RegExp>> = {
  400: /^(the \w+ in the URL path has a bad escape|invalid baggage header$)/,
  401: /^(invalid api token$|the secret DAPR_API_TOKEN is not set, so only requests to localhost are served)/,
};
const TOKENS: readonly ApiToken[] = HOLDERS.filter(({ token }) => token !== TOKEN).map(({ token, ...caller }) => ({
  ...caller,
  hash: sha256(token),
}));
const LOG_KEYS = new Set(
  "level msg method route status durationMs traceId instanceId actor fault name generation failures errorType reason text target refused warning message activity child taskId causedBy attempt retried".split(
    " ",
  ),
);

export class Target {
  readonly statuses = new Map<number, number>();
  readonly routes = new Map<string, number>();
  readonly world: World = makeWorld();
  readonly #log: Record<string, unknown>[] = [];
  readonly #catalog = catalogOf({
    entries: [WHOLE, WAITS, entry(VICTIMS[0])],
    instances: {
      "order-2": { type: "present", entry: { ...WHOLE, customStatus: "packed" }, seq: 2, shard: "0-1" },
      gone: { type: "absent" },
    },
  });
  readonly #needsToken: boolean;
  readonly #handler: (request: Request) => Promise<Response>;
  #catalogBefore = "";
  #reached: string[] = [];
  /** IDs made for the request that is being served. */
  #newIds: string[] = [];
  #ids = 0;

  constructor(needsToken: boolean) {
    this.#needsToken = needsToken;
    this.#handler = createHttpHandler({
      instance: (id) => this.#stub(id),
      catalog: this.#catalog,
      schedules: schedulesOf(),
      watch: (id, after) => this.#watch(id, after),
      registered: () => ({ workflows: [{ name: "echo", versions: [], unversioned: true }], activities: [] }),
      ...(needsToken && { apiToken: TOKEN, tokens: TOKENS }),
      allowedOrigins: ["https://another-friend.example", FRIEND],
      limits: limitsOf(),
      maxBodyBytes: DEFAULT_MAX_BODY_BYTES,
      appId: "edge",
      log: (line) => this.#log.push(line as Record<string, unknown>),
      newId: () => this.#newId(),
      now: () => this.world.nowMs,
    });
  }

  /** Instances that wait, with payloads of their own. */
  async prepare(): Promise<void> {
    for (const instanceId of VICTIMS) {
      const request = { instanceId, name: "event", input: JSON.stringify(VICTIM_SECRET), requestId: instanceId };
      await this.world.call(instanceId, (instance) => instance.start(request));
    }
  }

  /** Sends it; what is wrong with the answer, or with what it has done. */
  async send(request: HostileRequest): Promise<string[]> {
    this.#reached = [];
    this.#newIds = [];
    this.#log.length = 0;
    const worldLog = this.world.log.length;
    const before = this.#databases();
    this.#catalogBefore = this.#catalog.dump();
    const answer = this.#handler(newRequest(request));
    let response: Response | undefined;
    void answer.then((given) => {
      response = given;
    });
    await this.world.settle();
    // Some requests wait, as they are told to.
    for (let n = 0; response === undefined && n < 100; n++) await this.world.advance(10_000);
    if (response === undefined) return ["is not answered"];
    this.statuses.set(response.status, (this.statuses.get(response.status) ?? 0) + 1);
    const logged = [...this.#log, ...this.world.log.slice(worldLog)];
    return this.#judge(request, response, await this.#textOf(response), before, logged);
  }

  /** Of a stream, what it begins with. */
  async #textOf(response: Response): Promise<string> {
    if (response.headers.get("content-type") !== "text/event-stream" || response.body === null) return response.text();
    let text = "";
    const read = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const readOn = async (): Promise<void> => {
      const { done, value } = await read.read();
      if (done) return;
      text += value;
      return readOn();
    };
    void readOn().catch(() => undefined);
    await this.world.settle();
    await read.cancel();
    return text;
  }

  #judge(
    request: HostileRequest,
    response: Response,
    text: string,
    before: ReadonlyMap<string, string>,
    logged: readonly Record<string, unknown>[],
  ): string[] {
    const { status, headers } = response;
    const faults: string[] = [];
    const tell = (fault: string) => void faults.push(`${fault} (${status} ${text.slice(0, 200)})`);
    const route = routeOf(request, logged);
    if (route !== undefined) {
      const key = `${request.method} ${route}`;
      this.routes.set(key, (this.routes.get(key) ?? 0) + 1);
      const operation = operationAt(request.method, route);
      if (operation === undefined) tell(`has reached ${key}, which is not documented`);
      else for (const fault of faultsOfAnswer(operation, response, text)) tell(`is not as documented: ${fault}`);
    }
    if (status >= 400) {
      if (headers.get("content-type")?.startsWith("application/json")) {
        const { errorCode, message, ...rest } = JSON.parse(text);
        if (route === undefined && !OF_NO_ROUTE[status]?.test(errorCode))
          tell(`${errorCode} is not documented for this status`);
        if (typeof message !== "string" || Object.keys(rest).length > 0) tell("is not an error of Dapr's form");
      } else if (!PLAIN_TEXTS[status]?.test(text)) tell("is a text that is not documented");
    } else if (route === undefined && status !== 204) tell("is not documented");
    // The state of a failed instance has the stack of the workflow's own error, as Dapr's has, and so has its history.
    const shown = text.replace(/"(?:dapr\.workflow\.failure\.stack_trace|stackTrace)":"(?:[^"\\]|\\.)*"/g, "");
    if (/\bat [^"]*\.[cm]?[jt]s:\d+:\d+|node_modules|\/src\//.test(shown)) tell("shows a stack");
    if (logged.some((line) => line.fault !== undefined)) tell(`is a fault of ours: ${JSON.stringify(logged)}`);

    const reached = new Set(this.#reached);
    const refusal = refusalOf(request, this.#needsToken);
    const mayPass = refusal === undefined;
    const forbidden = status === 403 && text.includes("ERR_FORBIDDEN");
    if (mayPass && (status === 401 || (status === 403 && !forbidden))) tell("is refused, although it may pass");
    const holder = this.#needsToken && mayPass ? request.holder : undefined;
    for (const fault of beyondRole(request, holder, route, forbidden, status)) tell(fault);
    for (const fault of beyondPrefix(holder, route, reached, text)) tell(fault);
    if (!mayPass && status !== refusal.status) tell(`is not answered ${refusal.status}, although it ${refusal.why}`);
    if (!mayPass && reached.size > 0) tell(`has reached ${[...reached]}, although it ${refusal.why}`);
    if (isPreflight(request) && mayPass && status !== (request.sender.from === "friend" ? 204 : 404))
      tell("is a preflight, and is neither let in nor unknown");
    for (const fault of wrongHeaders(request, headers)) tell(fault);
    const job = jobMeantBy(request);
    const meant = meantBy(request);
    const asked = [...reached].filter((id) => job === undefined || !this.#isOfJob(id, job, request));
    if (asked.length > 1) tell(`has reached ${asked}`);
    for (const id of asked)
      if (meant === "a new one" ? !this.#isNew(id, holder) : id !== meant?.id)
        tell(`has reached ${id}, and means ${typeof meant === "object" ? meant.id : (meant ?? "none")}`);
    if (text.includes(VICTIM_SECRET) && !VICTIMS.some((id) => reached.has(id)))
      tell("tells of an instance that was not asked");
    if (text.includes(TOKEN)) tell("tells the token");
    const after = this.#databases();
    for (const id of new Set([...before.keys(), ...after.keys()])) {
      if (before.get(id) === after.get(id)) continue;
      // An update that the workflow itself has turned down is in its history, so that it is answered alike again.
      if (status >= 400 && !/^\{"errorCode":"ERR_(WORKFLOW_UPDATE_REJECTED|UPDATE_WORKFLOW)"/.test(text))
        tell(`was refused and has changed ${id}`);
      if (request.method === "GET") tell(`is a GET and has changed ${id}`);
      if (!reached.has(id)) tell(`has changed ${id} and has reached ${[...reached]}`);
    }
    for (const line of logged) {
      // The ID is what lines are found by, a reason is given for the log, and why code has failed is its author's text.
      const { instanceId: _, reason: __, ...rest } = line;
      if (line.msg === "instance" || line.msg === "attempt") delete rest.message;
      const written = JSON.stringify(rest);
      if (written.includes(MARKER) || written.includes(VICTIM_SECRET)) tell(`has logged a payload: ${written}`);
      if (written.includes(TOKEN)) tell(`has logged the token: ${written}`);
      const unknown = Object.keys(line).filter((key) => !LOG_KEYS.has(key) && key !== "createdAtMs");
      if (unknown.length > 0) tell(`has logged ${unknown}`);
    }
    if (this.#catalog.dump() !== this.#catalogBefore && !/\/rebuild$/.test(route ?? ""))
      tell("has changed the catalog");
    if ("polluted" in {}) tell("has polluted the prototype of all objects");
    return faults;
  }

  /** All rows of all instances. An instance that has been asked after and is not there has none. */
  #databases(): Map<string, string> {
    const found = new Map<string, string>();
    for (const { id, db, durableAlarm } of this.world.hosts.values()) {
      if (db.tables().length === 0) continue;
      found.set(id, JSON.stringify([db.dump(), durableAlarm === null]));
    }
    return found;
  }

  /** A job that is new is an instance of its own, and one that is a dry run looks at those that it names. */
  #isOfJob(id: string, job: { readonly id: string } | "a new one", { body, target }: HostileRequest): boolean {
    if (job !== "a new one") return id === job.id && id.startsWith("bulk:");
    if (this.#newIds.some((uuid) => id === `bulk:${uuid}`)) return true;
    if (typeof body !== "string" || !body.includes(JSON.stringify(id))) return false;
    return body.includes('"dryRun":true') || target.includes("dryRun=true");
  }

  #isNew(id: string, holder: Holder | undefined): boolean {
    return this.#newIds.some((uuid) => id === `${holder?.prefix ?? ""}${uuid}`);
  }

  #newId(): string {
    const id = `00000000-0000-4000-8000-${String(++this.#ids).padStart(12, "0")}`;
    this.#newIds.push(id);
    return id;
  }

  #watch(id: string, after: HistoryPosition | undefined): Promise<WatchResult> {
    this.#reached.push(id);
    return this.world.watch(id, after);
  }

  #stub(id: string): InstanceApi {
    const ask = <T>(call: (instance: Instance) => Promise<T>): Promise<T> => {
      this.#reached.push(id);
      return this.world.post(id, call);
    };
    return {
      start: (request) => ask((instance) => instance.start(request)),
      rerun: (request) => ask((instance) => instance.rerun(request)),
      restart: (request) => ask((instance) => instance.restart(request)),
      describe: (options) => ask((instance) => instance.describe(options)),
      waitFor: (until, options) => ask((instance) => instance.waitFor(until, options)),
      raiseEvent: (request) => ask((instance) => instance.raiseEvent(request)),
      suspend: (request) => ask((instance) => instance.suspend(request)),
      resume: (request) => ask((instance) => instance.resume(request)),
      cancel: (request) => ask((instance) => instance.cancel(request)),
      rewind: (request) => ask((instance) => instance.rewind(request)),
      changeVersion: (request) => ask((instance) => instance.changeVersion(request)),
      query: (request) => ask((instance) => instance.query(request)),
      update: (request) => ask((instance) => instance.update(request)),
      history: (page) => ask((instance) => instance.history(page)),
      timeline: (page) => ask((instance) => instance.timeline(page)),
      terminate: (request) => ask((instance) => instance.terminate(request)),
      purge: (request) => ask((instance) => instance.purge(request)),
    };
  }
}

/** What the token may: docs/security.md. A start that ends what runs, and a purge in bulk, need more than their row says. */
function beyondRole(
  { method, target, body }: HostileRequest,
  holder: Holder | undefined,
  route: string | undefined,
  forbidden: boolean,
  status: number,
): string[] {
  const row = ROUTES.find((one) => one.method === method && one.path === route);
  if (holder === undefined || row === undefined || isHealth(row)) return forbidden ? ["is forbidden to nobody"] : [];
  const has = ROLES.indexOf(holder.role);
  const isBelow = has < ROLES.indexOf(row.role);
  if (isBelow && !forbidden) return [`is answered ${status}, and needs the role ${row.role}, of ${holder.role}`];
  const mayNeedMore =
    (has < ROLES.indexOf("operator") && target.includes("reuse=terminate")) ||
    (has < ROLES.indexOf("admin") && typeof body === "string" && body.includes("purge"));
  const isForOthers = holder.prefix !== undefined && (row.role !== "viewer" || row.keepsToPrefix !== true);
  return forbidden && !isBelow && !mayNeedMore && !isForOthers ? [`is forbidden to ${holder.role}`] : [];
}

function isHealth({ path }: { readonly path: string }): boolean {
  return path.startsWith("/v1.0/healthz");
}

/** A token for some instances reaches, and is told of, no others. */
function beyondPrefix(
  holder: Holder | undefined,
  route: string | undefined,
  reached: ReadonlySet<string>,
  text: string,
): string[] {
  const { prefix } = holder ?? {};
  if (prefix === undefined) return [];
  const faults = [...reached]
    .filter((id) => !id.startsWith(prefix) && !id.startsWith("bulk:"))
    .map((id) => `has reached ${id}, which is not for '${prefix}'`);
  const listed = route === "/v1.0/workflows/:component" ? [...text.matchAll(/"instanceID":"([^"]*)"/g)] : [];
  return [...faults, ...listed.filter(([, id]) => !id?.startsWith(prefix)).map(([, id]) => `lists ${id}`)];
}

/** The segments of the path, without those that are empty, as they were sent. */
function segmentsOf({ target }: HostileRequest): string[] {
  return new URL(`http://localhost:8787${target}`).pathname.split("/").filter((segment) => segment !== "");
}

/** These two need no token: docs/http-api.md. */
function isHealthProbe(request: HostileRequest): boolean {
  return request.method === "GET" && /^v1\.0\/healthz(\/outbound)?$/.test(segmentsOf(request).join("/"));
}

/** The row of the table that the request has reached: its line in the log says so. Of a health probe there is none. */
function routeOf(request: HostileRequest, logged: readonly Record<string, unknown>[]): string | undefined {
  if (isHealthProbe(request)) return `/${segmentsOf(request).join("/")}`;
  const line = logged.find(({ msg }) => msg === "request");
  return line === undefined || line.route === "none" ? undefined : String(line.route);
}

interface Refusal {
  readonly status: 401 | 403;
  readonly why: string;
}

/** Host, origin, token, in this order: docs/http-api.md. */
function refusalOf(request: HostileRequest, needsToken: boolean): Refusal | undefined {
  const { sender, method, holder } = request;
  const isProbe = isHealthProbe(request);
  if (!needsToken && !sender.toLoopback && !isProbe) return { status: 401, why: "is for another host" };
  const isForeign = sender.from === "foreign page" || (sender.from === "link" && !isPage(request));
  if (isForeign && method !== "OPTIONS") return { status: 403, why: "comes from a page of another origin" };
  if (needsToken && holder === undefined && !isProbe && !isPreflight(request))
    return { status: 401, why: "has no token" };
  return undefined;
}

function isPage(request: HostileRequest): boolean {
  return request.method === "GET" && /^((ui|docs)(\/.*)?)?$/.test(segmentsOf(request).join("/"));
}

function isPreflight({ method, headers }: HostileRequest): boolean {
  return method === "OPTIONS" && headers.origin !== undefined && "access-control-request-method" in headers;
}

const ON_EVERY_ANSWER = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
};
const WARNING = /^299 - "[ !#-[\]-~]*"(, 299 - "[ !#-[\]-~]*")*$/;

function wrongHeaders({ sender }: HostileRequest, headers: Headers): string[] {
  const faults: string[] = [];
  for (const [name, value] of Object.entries(ON_EVERY_ANSWER))
    if (headers.get(name) !== value) faults.push(`has ${name}: ${headers.get(name)}`);
  const cors = [...headers.keys()].filter((name) => name.startsWith("access-control"));
  if (sender.from === "friend") {
    if (headers.get("access-control-allow-origin") !== FRIEND) faults.push("does not let an allowed origin read it");
  } else if (cors.length > 0) faults.push(`has ${cors} for an origin that is not allowed`);
  if (cors.includes("access-control-allow-credentials")) faults.push("lets cookies in");
  const warning = headers.get("warning");
  if (warning !== null && (!WARNING.test(warning) || warning.length > 2_000)) faults.push(`warns ${warning}`);
  return faults;
}

/** Of a bulk job, its ID, or that it is a new one. */
function jobMeantBy(request: HostileRequest): { readonly id: string } | "a new one" | undefined {
  const [version, workflows, component, ...rest] = segmentsOf(request);
  if (version !== "v1.0" || workflows !== "workflow-jobs" || component === undefined) return undefined;
  const form = `${request.method} ${rest.length}`;
  if (form === "POST 0") return "a new one";
  if (form !== "GET 1" && !(form === "POST 2" && rest[1] === "cancel")) return undefined;
  try {
    return { id: unescapeAsGo(rest[0] ?? "") };
  } catch {
    return undefined;
  }
}

/** The one instance that may be reached, byte for byte, as the table of docs/http-api.md has it: written anew here, not the router's. */
function meantBy(request: HostileRequest): { readonly id: string } | "a new one" | undefined {
  const [version = "", workflows, component, ...rest] = segmentsOf(request);
  if (!/^v1\.0(-beta1|-alpha1)?$/.test(version) || workflows !== "workflows" || component === undefined)
    return undefined;
  const [first = "", second = "", third = ""] = rest;
  const form = `${request.method} ${rest.length}`;
  let id: string | undefined;
  if (form === "GET 1") id = first;
  if (form === "GET 2" && version === "v1.0" && /^(history|timeline|events)$/.test(second)) id = first;
  if (form === "GET 2" && version === "v1.0-alpha1") id = second;
  if (form === "GET 3" && version === "v1.0" && second === "query") id = first;
  if (form === "POST 2" && /^(terminate|pause|resume|purge)$/.test(second)) id = first;
  if (form === "POST 2" && version === "v1.0" && /^(cancel|restart|rewind|version)$/.test(second)) id = first;
  if (form === "POST 3" && version === "v1.0" && second === "update") id = first;
  if (form === "POST 3" && version === "v1.0-alpha1" && third === "start") id = second;
  if (form === "POST 3" && second === "raiseEvent") id = first;
  const isStart = form === "POST 2" && second === "start";
  // The new one is asked, and asks the one that is named.
  const isRerun = form === "POST 2" && version === "v1.0" && second === "rerun";
  if (id === undefined && !isStart && !isRerun) return undefined;
  try {
    // One segment that cannot be read is enough to refuse all.
    for (const segment of [component, ...rest]) unescapeAsGo(segment);
    if (id !== undefined) return { id: unescapeAsGo(id) };
  } catch {
    return undefined;
  }
  if (isRerun) return "a new one";
  const given = new URL(`http://localhost:8787${request.target}`).searchParams.get("instanceID");
  return given ? { id: given } : "a new one";
}

/** Go's `url.QueryUnescape`. */
function unescapeAsGo(segment: string): string {
  return decodeURIComponent(segment.replaceAll("+", " "));
}

/** Node's Request refuses a body on GET and HEAD; a Worker may receive one. */
function newRequest({ method, target, headers, body }: HostileRequest): Request {
  const url = `http://localhost:8787${target}`;
  const request = new Request(url, { method: "POST", headers, ...(body !== undefined && { body }) });
  Object.defineProperty(request, "method", { value: method });
  return request;
}
