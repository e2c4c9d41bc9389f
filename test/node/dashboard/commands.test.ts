// What a dialog sends is what it shows: as a curl that a shell reads as meant, and as a command that the command line's own program reads so.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { programOf } from "../../../cli/program.ts";
import * as asks from "../../../dashboard/src/act/requests.ts";
import * as scheduled from "../../../dashboard/src/act/schedule-requests.ts";
import { type ApiRequest, commandOf, curlOf, quote } from "../../../dashboard/src/act/shell.ts";
import { HOSTILE, wordsOf } from "./shell.ts";

const URL_OF_ALL = "http://localhost:8787/v1.0/";

function addressOf({ path, query = {} }: ApiRequest): string {
  const url = new URL(path, URL_OF_ALL);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url.href;
}

describe("[D30] the shown curl", () => {
  it.each(HOSTILE)("[D30.1] quotes %j as one word, which stays as it is", (text) => {
    expect(wordsOf(`cmd ${quote(text)} end`, "cmd")).toEqual([text, "end"]);
  });

  it.each(HOSTILE)(
    "[D30.2] has %j in its body and in its address, and nothing of it is run or read from a file",
    (text) => {
      const { request } = asks.raise({ id: text || "x", event: "e", payload: text || "1", reason: text });
      const words = wordsOf(curlOf(request, addressOf(request), false), "curl");
      expect(words).toEqual(["-X", "POST", addressOf(request), "--data-raw", text || "1"]);
      const url = new URL(words[2] ?? "");
      expect(url.searchParams.get("reason") ?? "").toBe(text);
      expect(decodeURIComponent(url.pathname.split("/")[4] ?? "")).toBe(text || "x");
    },
  );

  it("[D30.3] takes the token from the environment, whatever is in it", () => {
    const { request } = asks.simple("pause", { id: "i" });
    const curl = curlOf(request, addressOf(request), true);
    expect(curl).toBe(
      `curl -X POST -H "dapr-api-token: $DAPR_API_TOKEN" http://localhost:8787/v1.0/workflows/dapr/i/pause`,
    );
    const token = `$(id) "'\\`;
    expect(wordsOf(curl, "curl", { DAPR_API_TOKEN: token })).toContain(`dapr-api-token: ${token}`);
  });

  it("[D30.4] of a GET has neither method nor body", () => {
    const { request } = asks.query({ id: "i", name: "q", input: '{"a":1}' });
    expect(wordsOf(curlOf(request, addressOf(request), false), "curl")).toEqual([
      `${URL_OF_ALL}workflows/dapr/i/query/q?input=%7B%22a%22%3A1%7D`,
    ]);
  });
});

describe("[D31] payloads", () => {
  it("[D31.1] go as they are written, but for the space between their parts: digits, members that stand twice, and what is no JSON", () => {
    const input = '\n{"id": 12345678901234567890,\n "a" : "1 \\" 2", "a":2} ';
    const sent = '{"id":12345678901234567890,"a":"1 \\" 2","a":2}';
    expect(asks.rerun({ id: "i", eventID: 3, input }).request.body).toBe(`{"eventID":3,"input":${sent}}`);
    expect(asks.start({ name: "w", input }).request.body).toBe(sent);
    expect(asks.start({ name: "w", input: " no JSON " }).request.body).toBe(" no JSON ");
    expect(asks.terminate({ id: "i", output: "0.10" }).request.body).toBe('{"output":0.10}');
  });

  it("[D31.2] that are not there leave no body, and what is not said leaves no parameter", () => {
    for (const { request } of [
      asks.terminate({ id: "i", output: "", reason: "", nonRecursive: false }),
      asks.rerun({ id: "i", newInstanceID: "", reason: "" }),
      asks.purge({ id: "i", force: false, nonRecursive: false }),
      asks.start({ name: "w", id: "", startTime: "", retention: "" }),
      asks.raise({ id: "i", event: "e", payload: "" }),
    ]) {
      expect(request.body).toBeUndefined();
      expect(new URL(addressOf(request)).search).toBe("");
    }
  });
});

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What the shown command asks for when the command line's program is given its words, as a shell reads them. */
async function sentBy(command: readonly string[]): Promise<Sent> {
  const [name, ...words] = wordsOf(commandOf(command, "http://localhost:8787/"), "npx", { DAPR_API_TOKEN: "" });
  expect(name).toBe("edge-workflows");
  const sent: Sent[] = [];
  vi.stubGlobal("fetch", async (url: string, { method = "GET", body }: RequestInit) => {
    sent.push(whatIs(method, url, body === null ? undefined : (body as string | undefined)));
    return Response.json({
      instanceID: "new",
      outcome: "started",
      times: [],
      instanceIDs: [],
      nextTimes: [],
      failed: [],
    });
  });
  await programOf().parseAsync(words, { from: "user" });
  expect(sent).toHaveLength(1);
  return sent[0] as Sent;
}

function whatIs(method: string, url: string, body: string | undefined): Sent {
  const { pathname, searchParams } = new URL(url);
  return { method, path: pathname, query: Object.fromEntries(searchParams), body: parsed(body) };
}

function parsed(text: string | undefined): unknown {
  try {
    return text && JSON.parse(text);
  } catch {
    return text;
  }
}

/** The command line puts a reason into some bodies, and waits for a start; the rest is the same. */
function alike({ method, path, query, body }: Sent): unknown {
  const { reason: inQuery, waitFor, timeoutSeconds, fetchPayloads, requestID, ...others } = query;
  const fields = typeof body === "object" && body !== null && !Array.isArray(body) ? { ...body } : body;
  const inBody = typeof fields === "object" && fields !== null ? (fields as { reason?: string }) : {};
  const reason = inQuery ?? inBody.reason;
  delete inBody.reason;
  return { method, path, query: others, body: JSON.stringify(fields) === "{}" ? undefined : fields, reason };
}

const REASONS = ["why not", ...HOSTILE.filter((text) => text !== "")];

describe("[D32] the shown command asks for the same as the shown curl", () => {
  beforeEach(() => {
    for (const name of ["EDGE_WORKFLOWS_URL", "DAPR_API_TOKEN", "EDGE_WORKFLOWS_COMPONENT", "EDGE_WORKFLOWS_PROFILE"])
      vi.stubEnv(name, undefined);
    // No profiles are there.
    vi.stubEnv("XDG_CONFIG_HOME", import.meta.dirname);
    vi.spyOn(process.stdout, "write").mockImplementation((...words: unknown[]) => {
      const written = words.at(-1);
      if (typeof written === "function") written();
      return true;
    });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  const id = "order 1/ü";
  const json = '{"a":["it\'s",2]}';
  const cases: Readonly<Record<string, (reason: string | undefined) => asks.Asked>> = {
    pause: (reason) => asks.simple("pause", { id, reason }),
    resume: (reason) => asks.simple("resume", { id, reason }),
    cancel: (reason) => asks.simple("cancel", { id, reason }),
    restart: (reason) => asks.simple("restart", { id, reason, requestID: "r" }),
    rewind: (reason) => asks.simple("rewind", { id, reason }),
    terminate: (reason) => asks.terminate({ id, reason }),
    "terminate with all": (reason) => asks.terminate({ id, reason, output: json, nonRecursive: true }),
    purge: (reason) => asks.purge({ id, reason }),
    "purge with all": (reason) => asks.purge({ id, reason, force: true, nonRecursive: true }),
    raise: (reason) => asks.raise({ id, event: "an/event", reason }),
    "raise with a payload": (reason) => asks.raise({ id, event: "-e", payload: json, reason }),
    rerun: (reason) => asks.rerun({ id, reason, requestID: "r" }),
    "rerun from a call": (reason) => asks.rerun({ id, eventID: 0, newInstanceID: "new-1", input: "-1", reason }),
    version: (reason) => asks.changeVersion({ id, version: "-v2", reason }),
    start: (reason) => asks.start({ name: "order", reason }),
    "start with all": (reason) =>
      asks.start({
        name: "-order",
        id: "-1",
        input: json,
        startTime: "2099-01-01T00:00:00.000Z",
        retention: "24h",
        attributes: { customer: "c=1", vip: "true" },
        reason,
      }),
    "an ID that begins with a dash": (reason) => asks.simple("pause", { id: "-1", reason }),
    "cancel a job": (reason) => asks.cancelJob({ id: "bulk:1", reason }),
    "rebuild the catalog": (reason) => asks.rebuild({ ids: ["a", "-b"], reason }),
    "pause a schedule": (reason) => scheduled.pauseSchedule({ id: "nightly", reason }),
    "resume a schedule": (reason) => scheduled.resumeSchedule({ id: "-nightly", reason }),
    "delete a schedule": (reason) => scheduled.deleteSchedule({ id: "nightly", reason }),
    "trigger a schedule": (reason) => scheduled.trigger({ id: "nightly", input: json, overlap: "skip", reason }),
    "backfill a schedule": (reason) =>
      scheduled.backfill({
        id: "nightly",
        from: "2026-03-28T00:00:00Z",
        to: "2026-03-29T00:00:00Z",
        overlap: "skip",
        reason,
      }),
    "try a backfill": (reason) =>
      scheduled.backfill({ id: "n", from: "2026-03-28T00:00:00Z", to: "2026-03-29T00:00:00Z", dryRun: true, reason }),
    "create a schedule": (reason) => scheduled.createSchedule("nightly", SCHEDULE, reason),
    "create another": (reason) =>
      scheduled.createSchedule(
        "-x",
        { ...scheduled.NO_FIELDS, workflowName: "w", when: "interval", interval: "6h" },
        reason,
      ),
    "change a schedule": (reason) =>
      scheduled.changeSchedule("nightly", { ...SCHEDULE, jitter: "5m" }, { ...SCHEDULE, cron: "@daily" }, reason),
    "take fields of a schedule away": (reason) =>
      scheduled.changeSchedule(
        "nightly",
        SCHEDULE,
        { ...SCHEDULE, when: "at", at: "2099-01-01T00:00:00Z", endAt: "" },
        reason,
      ),
  };
  const SCHEDULE: scheduled.ScheduleFields = {
    ...scheduled.NO_FIELDS,
    workflowName: "report",
    when: "cron",
    cron: "30 2 * * *\n0 6 * * MON",
    timeZone: "Europe/Berlin",
    overlap: "bufferOne",
    catchUpWindow: "6h",
    endAt: "2099-01-01T00:00:00Z",
    input: json,
    remainingActions: "3",
    pauseOnFailure: true,
  };

  it.each(Object.entries(cases))("[D32.1] %s, with any reason and without one", async (_, asked) => {
    for (const reason of [undefined, ...REASONS]) {
      const { request, command } = asked(reason);
      if (command === undefined) throw new Error("expected a command");
      const sent = whatIs(request.method, addressOf(request), request.body);
      expect(alike(await sentBy(command))).toEqual(alike(sent));
    }
  });

  it("[D32.2] none is shown where the command line has no way to say it", () => {
    expect(asks.simple("pause", { id: "latest" }).command).toBeUndefined();
    expect(asks.query({ id: "i", name: "q" }).command).toBeUndefined();
    expect(asks.update({ id: "i", name: "u" }).command).toBeUndefined();
  });

  it("[D32.3] the server is named where the command line would ask another", () => {
    expect(commandOf(["suspend", "i"], "http://localhost:8787/")).toBe("npx edge-workflows suspend i");
    expect(commandOf(["bulk cancel", "j"], "https://wf.example.com/base/")).toBe(
      "npx edge-workflows bulk cancel --url https://wf.example.com/base j",
    );
  });
});
