// Tokens with a role: their lines, what lets nobody in, how they expire and are put in the place of others, and who stands in log and history.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { secretsOf } from "../../../src/http/api-token.ts";
import { ROLES } from "../../../src/http/role.ts";
import { configuredTokens, formatTokenLine, makeToken, readTokenLine } from "../../../src/http/tokens.ts";
import type { LogLine } from "../../../src/model/log.ts";
import { ROOT, temporaryDirectory } from "../e2e/server.ts";
import { Api, NOW_MS } from "./support.ts";

const hash = (token: string) => createHash("sha256").update(token).digest("hex");
const HASH = hash("s3cret");
const GET = "GET https://edge.example.com/v1.0/workflows/dapr/a";

/** A Worker with these secrets: the requests that it is sent, and what its log says. */
function configured(env: Record<string, unknown>) {
  const log: LogLine[] = [];
  const secrets = secretsOf(env as { DAPR_API_TOKEN?: string }, { now: () => NOW_MS, log: (line) => log.push(line) });
  const api = new Api({ ...secrets, log: (line) => log.push(line) });
  const statusOf = async (token: string, target = GET) =>
    (
      await api.send(
        target,
        target.startsWith("POST") ? "" : undefined,
        token === "" ? {} : { "dapr-api-token": token },
      )
    ).status;
  const told = () => log.filter(({ msg }) => msg === "token").map(({ text }) => String(text));
  return { api, log, statusOf, told };
}

describe("[H166] the line of a token", () => {
  it.each([
    ["name:role", `ci:viewer:-:*:${HASH}`, { name: "ci", role: "viewer" }],
    ["a prefix", `acme:operator:-:acme-:${HASH}`, { name: "acme", role: "operator", prefix: "acme-" }],
    ["a day", `ci:admin:2027-01-31:*:${HASH}`, { name: "ci", role: "admin", expiresAtMs: Date.UTC(2027, 0, 31) }],
    [
      "a time, with colons",
      `ci:starter:2027-01-31T12:30:00Z:p_1:${HASH}`,
      { name: "ci", role: "starter", expiresAtMs: Date.UTC(2027, 0, 31, 12, 30), prefix: "p_1" },
    ],
    [
      "a time of another zone",
      `ci:starter:2027-01-31T12:30:00+02:00:*:${HASH}`,
      { name: "ci", role: "starter", expiresAtMs: Date.UTC(2027, 0, 31, 10, 30) },
    ],
    ["seconds", `ci:starter:1800000000:*:${HASH}`, { name: "ci", role: "starter", expiresAtMs: 1_800_000_000_000 }],
    ["large digits", `ci:viewer:-:*:${HASH.toUpperCase()}`, { name: "ci", role: "viewer" }],
    ["a name like a mail's", `jo.p-1_x+y@acme:viewer:-:*:${HASH}`, { name: "jo.p-1_x+y@acme", role: "viewer" }],
  ])("[H166] with %s", (_, line, token) => {
    expect(readTokenLine(line)).toEqual({ expiresAtMs: undefined, prefix: undefined, hash: HASH, ...token });
  });

  const HELD = "s3cret-in-the-wrong-place";
  it.each([
    ["nothing", "x", /name:role:expiry:prefix:hash/],
    ["the token alone", HELD, /name:role:expiry:prefix:hash/],
    ["four parts", `ci:viewer:-:${HASH}`, /name:role:expiry:prefix:hash/],
    ["no name", `:viewer:-:*:${HASH}`, /the name has/],
    ["a long name", `${"n".repeat(65)}:viewer:-:*:${HASH}`, /the name has/],
    ["a name with a space", `c i:viewer:-:*:${HASH}`, /the name has/],
    ["the name of the admin", `DAPR_API_TOKEN:viewer:-:*:${HASH}`, /is that of the secret/],
    ["another role", `ci:${HELD}:-:*:${HASH}`, /viewer, starter, operator, admin/],
    ["large letters", `ci:Admin:-:*:${HASH}`, /viewer, starter, operator, admin/],
    ["a role of objects", `ci:constructor:-:*:${HASH}`, /viewer, starter, operator, admin/],
    ["no role", `ci::-:*:${HASH}`, /viewer, starter, operator, admin/],
    ["no expiry", `ci:admin::*:${HASH}`, /the expiry is/],
    ["a word for an expiry", `ci:admin:never:*:${HASH}`, /the expiry is/],
    ["a day that is none", `ci:admin:2027-02-30:*:${HASH}`, /the expiry is/],
    ["a day with a space", `ci:admin: 2027-02-20:*:${HASH}`, /the expiry is/],
    ["a time without a zone", `ci:admin:2027-02-20T10:00:00:*:${HASH}`, /the expiry is/],
    ["six parts", `ci:admin:-:a:b:${HASH}`, /the expiry is/],
    ["no prefix", `ci:admin:-::${HASH}`, /the prefix is/],
    ["a prefix as a pattern", `ci:admin:-:acme-*:${HASH}`, /the prefix is/],
    ["a prefix with a percent sign", `ci:admin:-:acme%:${HASH}`, /the prefix is/],
    ["a prefix that is no beginning", `ci:admin:-:${"p".repeat(65)}:${HASH}`, /the prefix is/],
    ["the token for its hash", `ci:admin:-:*:${HELD}`, /the hash is/],
    ["a short hash", `ci:admin:-:*:${HASH.slice(1)}`, /the hash is/],
    ["a hash with more", `ci:admin:-:*:${HASH}0`, /the hash is/],
    ["no hash", "ci:admin:-:*:", /the hash is/],
  ])("[H166] with %s lets nobody in, and the log says why, without a word of it", async (_, line, why) => {
    const problem = readTokenLine(line);
    expect(problem).toMatch(why);
    const { statusOf, told, log, api } = configured({ DAPR_API_TOKENS: line });
    for (const sent of ["", "s3cret", HELD, HASH, line]) expect([sent, await statusOf(sent)]).toEqual([sent, 401]);
    expect(await statusOf("", "GET http://localhost:8787/v1.0/workflows/dapr/a")).toBe(401);
    expect(told()).toEqual([`DAPR_API_TOKENS, line 1: ${problem}`]);
    expect(log.find(({ msg }) => msg === "token")).toMatchObject({ level: "error" });
    expect(JSON.stringify(log)).not.toMatch(/s3cret/);
    expect(JSON.stringify(log)).not.toContain(HASH);
    expect(api.calls).toEqual([]);
  });

  it("[H166] one that cannot be read takes none of the others with it", async () => {
    const { statusOf, told } = configured({
      DAPR_API_TOKENS: `# who may what\n\nci:viewer:-:*:${hash("one")}\r\nbroken\n  ops:operator:-:*:${hash("two")}  \n`,
    });
    expect([await statusOf("one"), await statusOf("two"), await statusOf("broken")]).toEqual([200, 200, 401]);
    expect(told()).toEqual([expect.stringMatching(/^DAPR_API_TOKENS, line 4: /)]);
  });
});

describe("[H167] what the secrets are", () => {
  it("[H167] none: open to this machine alone, as without any token", async () => {
    for (const env of [{}, { DAPR_API_TOKENS: "" }, { DAPR_API_TOKENS: undefined }, { DAPR_API_TOKENS_2: "" }]) {
      const { statusOf, told } = configured({ ...env, WORKFLOW_INSTANCE: {}, DAPR_API: "x" });
      expect([await statusOf("", "GET http://localhost/v1.0/workflows/dapr/a"), await statusOf("")]).toEqual([
        200, 401,
      ]);
      expect(told()).toEqual([]);
    }
  });

  it.each([
    ["blank", { DAPR_API_TOKENS: " " }, 0],
    ["a comment", { DAPR_API_TOKENS: "# none yet" }, 0],
    ["a number", { DAPR_API_TOKENS: 12 }, 1],
    ["a binding of the Secrets Store", { DAPR_API_TOKENS: { get: async () => `ci:admin:-:*:${HASH}` } }, 1],
    ["null", { DAPR_API_TOKENS: null }, 1],
    ["false", { DAPR_API_TOKENS: false }, 1],
    ["another name", { DAPR_API_TOKENS_CI: `ci:admin:-:*:${HASH}` }, 1],
    ["a second one that is broken", { DAPR_API_TOKENS_2: "x" }, 1],
  ] as [string, Record<string, unknown>, number][])(
    "[H167] %s: nobody is served, on localhost neither, and the 401 says why",
    async (_, env, problems) => {
      const { api, told } = configured(env);
      for (const url of ["https://edge.example.com", "http://localhost:8787"])
        for (const headers of [{}, { "dapr-api-token": "s3cret" }] as Record<string, string>[]) {
          const response = await api.send(`GET ${url}/v1.0/workflows/dapr/a`, undefined, headers);
          const text =
            "nobody is served, because DAPR_API_TOKENS is set and none of its lines can be read; the log says why";
          expect([response.status, await response.text()]).toEqual([401, text]);
        }
      expect(api.calls).toEqual([]);
      expect(told().length).toBe(problems);
      expect((await api.send("GET https://edge.example.com/v1.0/healthz")).status).toBe(204);
    },
  );

  it("[H167] DAPR_API_TOKEN is the admin, beside tokens that are broken, too", async () => {
    const purge = "POST https://edge.example.com/v1.0/workflows/dapr/a/purge";
    for (const DAPR_API_TOKENS of [undefined, "broken", `ci:viewer:-:*:${HASH}`]) {
      const { statusOf } = configured({ DAPR_API_TOKEN: "root", DAPR_API_TOKENS });
      expect([await statusOf("root", purge), await statusOf("x", purge), await statusOf("", purge)]).toEqual([
        202, 401, 401,
      ]);
    }
    const { statusOf } = configured({ DAPR_API_TOKENS: `ci:viewer:-:*:${HASH}` });
    expect([await statusOf(""), await statusOf("undefined"), await statusOf("s3cret")]).toEqual([401, 401, 200]);
  });

  it("[H167] a DAPR_API_TOKEN that no header can carry lets nobody in, whoever else there is", async () => {
    const { statusOf } = configured({ DAPR_API_TOKEN: 7, DAPR_API_TOKENS: `ci:viewer:-:*:${HASH}` });
    expect([await statusOf("s3cret"), await statusOf("7")]).toEqual([401, 401]);
  });

  it("[H167] more stand in DAPR_API_TOKENS_2 and so on, with gaps too", async () => {
    const line = (token: string) => `${token}:viewer:-:*:${hash(token)}`;
    const { statusOf, told } = configured({
      DAPR_API_TOKENS: line("a"),
      DAPR_API_TOKENS_2: line("b"),
      DAPR_API_TOKENS_10: `${line("c")}\nx`,
      DAPR_API_TOKENS_x: line("d"),
    });
    expect(await Promise.all(["a", "b", "c", "d", "x"].map((token) => statusOf(token)))).toEqual([
      200, 200, 200, 401, 401,
    ]);
    expect(told()).toEqual([
      expect.stringMatching(/^DAPR_API_TOKENS_10, line 2: /),
      expect.stringMatching(/is not read: more are DAPR_API_TOKENS_2/),
    ]);
  });

  it("[H167] thirty lines have room in 5 KB, which is what a secret holds", () => {
    const lines = Array.from(
      { length: 30 },
      (_, n) => makeToken({ name: `service-${n}`, role: "operator", prefix: `team-${n}-`, expiry: "2027-01-31" }).line,
    );
    expect(lines.join("\n").length).toBeLessThan(5 * 1024);
    expect(configuredTokens({ DAPR_API_TOKENS: lines.join("\n") }).tokens.length).toBe(30);
  });

  it("[H167] the same hash in two lines that differ: neither counts; twice the same line: it does", async () => {
    const same = `ci:viewer:-:*:${hash("same")}`;
    const { statusOf, told } = configured({
      DAPR_API_TOKENS: `ci:viewer:-:*:${HASH}\nci:admin:-:*:${HASH}\n${same}`,
      DAPR_API_TOKENS_2: `${same}\nci:starter:-:*:${HASH}`,
    });
    expect([await statusOf("s3cret"), await statusOf("same")]).toEqual([401, 200]);
    expect(told()).toEqual([
      "DAPR_API_TOKENS, line 2 and DAPR_API_TOKENS, line 1 have the same hash and are otherwise unlike: neither counts",
      "DAPR_API_TOKENS_2, line 2 and DAPR_API_TOKENS, line 1 have the same hash and are otherwise unlike: neither counts",
    ]);
  });
});

describe("[H168] a token that is sent", () => {
  it("[H168] is asked for as DAPR_API_TOKEN is, in either header", async () => {
    const { api } = configured({ DAPR_API_TOKENS: `ci:viewer:-:*:${HASH}` });
    for (const [headers, status] of [
      [{ "dapr-api-token": "s3cret" }, 200],
      [{ authorization: "Bearer s3cret" }, 200],
      [{ authorization: "s3cret" }, 401],
      [{ "dapr-api-token": HASH }, 401],
      [{ "dapr-api-token": "ci" }, 401],
      [{ "dapr-api-token": "s3cret ".repeat(2) }, 401],
      [{ "dapr-api-token": "x".repeat(513) }, 401],
      [{ "dapr-api-token": "wrong", authorization: "Bearer s3cret" }, 401],
    ] as [Record<string, string>, number][]) {
      const response = await api.send(GET, undefined, headers);
      expect([headers, response.status]).toEqual([headers, status]);
      if (status === 401) expect(await response.text()).toBe("invalid api token");
    }
  });

  it("[H168] is not hashed where it is longer than one may be, whatever stands in the secret", async () => {
    const [long, longer] = ["x".repeat(512), "x".repeat(513)];
    const { statusOf } = configured({ DAPR_API_TOKENS: `a:viewer:-:*:${hash(long)}\nb:viewer:-:*:${hash(longer)}` });
    expect([await statusOf(long), await statusOf(longer)]).toEqual([200, 401]);
  });
  it("[H168] counts until its expiry, and not at it; the log says so once", async () => {
    const at = new Date(NOW_MS + 1_000).toISOString();
    const { api, statusOf, told, log } = configured({
      DAPR_API_TOKENS: `ci:viewer:${at}:*:${HASH}\nb:viewer:-:*:${hash("b")}`,
    });
    api.nowMs = NOW_MS + 999;
    expect(await statusOf("s3cret")).toBe(200);
    expect(told()).toEqual([]);
    api.nowMs = NOW_MS + 1_000;
    const response = await api.send(GET, undefined, { "dapr-api-token": "s3cret" });
    expect([response.status, await response.text()]).toEqual([401, "invalid api token"]);
    expect([await statusOf("s3cret"), await statusOf("b")]).toEqual([401, 200]);
    expect(told()).toEqual([`a token 'ci' has expired, ${at}, and lets nobody in`]);
    expect(log.find(({ msg }) => msg === "token")).toMatchObject({ level: "warn" });
  });

  it("[H168] one that has expired before is told of when the Worker begins, and not again", async () => {
    const { statusOf, told } = configured({ DAPR_API_TOKENS: `ci:admin:2026-01-01:*:${HASH}` });
    const before = ["a token 'ci' has expired, 2026-01-01T00:00:00.000Z, and lets nobody in"];
    expect(told()).toEqual(before);
    expect([await statusOf("s3cret"), await statusOf("", "GET http://localhost/v1.0/workflows/dapr/a")]).toEqual([
      401, 401,
    ]);
    expect(told()).toEqual(before);
  });

  it("[H168] is put in the place of another of its name: both count as long as both stand there", async () => {
    const [old, fresh] = [makeToken({ name: "ci", role: "starter" }), makeToken({ name: "ci", role: "starter" })];
    const statuses = async (lines: string) => {
      const { statusOf } = configured({ DAPR_API_TOKENS: lines });
      return [await statusOf(old.token), await statusOf(fresh.token)];
    };
    expect(await statuses(old.line)).toEqual([200, 401]);
    expect(await statuses(`${old.line}\n${fresh.line}`)).toEqual([200, 200]);
    expect(await statuses(fresh.line)).toEqual([401, 200]);
  });

  it("[H168] all are looked at to their end, wherever the right one stands", async () => {
    const reads: number[] = [];
    const secret = (n: number, of: string) => {
      const charCodeAt = (at: number) => {
        reads.push(n);
        return of.charCodeAt(at);
      };
      return { name: `t${n}`, role: "viewer" as const, hash: { length: 64, charCodeAt } as unknown as string };
    };
    const right = hash("s3cret");
    for (const place of [0, 1, 2]) {
      reads.length = 0;
      const tokens = [0, 1, 2].map((n) => secret(n, n === place ? right : hash(String(n))));
      const response = await new Api({ tokens }).send(GET, undefined, { "dapr-api-token": "s3cret" });
      expect([response.status, reads.length]).toEqual([200, 3 * 64]);
    }
  });
});

describe("[H168] a token that is made", () => {
  it.each(ROLES)("[H168] for a %s: 256 random bits, and a line that lets it in", async (role) => {
    const made = Array.from({ length: 20 }, () => makeToken({ name: "ci", role, expiry: "2027-01-31", prefix: "a" }));
    expect(new Set(made.map(({ token }) => token)).size).toBe(20);
    for (const { token, line } of made) {
      expect(token).toMatch(/^ew_[\w-]{43}$/);
      expect(line).toBe(`ci:${role}:2027-01-31:a:${hash(token)}`);
      expect(await configured({ DAPR_API_TOKENS: line }).statusOf(token)).toBe(200);
    }
  });

  it("[H168] one of one's own making has a line, too", () => {
    expect(formatTokenLine({ name: "ci", role: "viewer" }, "s3cret")).toBe(`ci:viewer:-:*:${HASH}`);
  });

  it("[H168] one that is made with openssl, as docs/security.md has it, has such a line", async () => {
    const page = readFileSync(join(ROOT, "docs/security.md"), "utf8");
    const [, commands = ""] = /```sh\n([\s\S]*?)```/.exec(page) ?? [];
    const directory = temporaryDirectory();
    try {
      const token = execFileSync("bash", ["-euc", commands], { cwd: directory, encoding: "utf8" }).trim();
      const line = readFileSync(join(directory, "tokens.txt"), "utf8");
      expect(line).toBe(`billing:starter:2027-01-31:billing-:${hash(token)}\n`);
      expect(await configured({ DAPR_API_TOKENS: line }).statusOf(token, GET.replace(/a$/, "billing-1"))).toBe(200);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it.each([
    [{ name: "c:i", role: "viewer" }, "A token: the name has"],
    [{ name: "ci", role: "root" }, "A token: the role is one of"],
    [{ name: "ci", role: "viewer", expiry: "tomorrow" }, "A token: the expiry is"],
    [{ name: "ci", role: "viewer", prefix: "" }, "A token: the prefix is"],
    [{ name: "ci", role: "viewer", prefix: "a:b" }, "A token: "],
    [{ name: "ci\nroot:admin", role: "viewer" }, "A token: the name has"],
  ])("[H168] %j is refused, as its line would be", (asked, why) => {
    expect(() => makeToken(asked as Parameters<typeof makeToken>[0])).toThrow(why);
  });

  it("[H168] an empty or endless one of one's own making is refused", () => {
    for (const token of ["", "x".repeat(513)])
      expect(() => formatTokenLine({ name: "ci", role: "viewer" }, token)).toThrow("it has 1 to 512 characters");
  });
});

describe("[H169] who asks", () => {
  const operations: readonly [target: string, body: string, method: string][] = [
    ["POST /v1.0/workflows/dapr/W/start?instanceID=a", "1", "start"],
    ["POST /v1.0/workflows/dapr/W/start?instanceID=a&raiseEvent=e", "{}", "start"],
    ["POST /v1.0-alpha1/workflows/dapr/W/a/start", "{}", "start"],
    ["POST /v1.0/workflows/dapr/a/raiseEvent/e", "1", "raiseEvent"],
    ["POST /v1.0/workflows/dapr/a/update/u", "1", "update"],
    ["POST /v1.0/workflows/dapr/a/terminate", "", "terminate"],
    ["POST /v1.0/workflows/dapr/a/pause", "", "suspend"],
    ["POST /v1.0/workflows/dapr/a/resume", "", "resume"],
    ["POST /v1.0/workflows/dapr/a/cancel", "", "cancel"],
    ["POST /v1.0/workflows/dapr/a/purge", "", "purge"],
    ["POST /v1.0/workflows/dapr/a/rerun", "{}", "rerun"],
    ["POST /v1.0/workflows/dapr/a/restart", "", "restart"],
    ["POST /v1.0/workflows/dapr/a/rewind", "", "rewind"],
    ["POST /v1.0/workflows/dapr/a/version", '{"version":"2"}', "changeVersion"],
    ["POST /v1.0/workflow-jobs/dapr", '{"operation":"pause","instanceIDs":["a"]}', "start"],
    ["POST /v1.0/workflow-jobs/dapr/bulk:00000000-0000-4000-8000-000000000001/cancel", "", "cancel"],
  ];
  const env = { DAPR_API_TOKEN: "root", DAPR_API_TOKENS: `jo:admin:-:*:${HASH}` };

  it.each(operations)(
    "[H169] %s: the instance is told, and the log, with and without a reason",
    async (target, body, method) => {
      for (const [token, actor] of [
        ["s3cret", "jo"],
        ["root", "DAPR_API_TOKEN"],
      ] as const)
        for (const reason of [undefined, "because"]) {
          const { api, log } = configured(env);
          const url = reason === undefined ? target : `${target}${target.includes("?") ? "&" : "?"}reason=${reason}`;
          const response = await api.send(url, body, { "dapr-api-token": token, "x-actor": "forged" });
          expect([target, response.status < 300]).toEqual([target, true]);
          const [, , request] = api.calls.find(([called]) => called === method) ?? [];
          expect(request).toMatchObject({ actor, ...(reason && { reason }) });
          if (target.includes("raiseEvent=")) expect(request).toMatchObject({ event: { actor } });
          expect(log.find(({ msg }) => msg === "request")).toMatchObject({ actor });
        }
    },
  );

  it.each(operations)("[H169] %s: nobody can say that they are somebody", async (target, body) => {
    const { api } = configured(env);
    const forged = body.startsWith("{") ? `{"actor":"root",${body.slice(1)}`.replace(",}", "}") : body;
    await api.send(`${target}${target.includes("?") ? "&" : "?"}actor=root`, forged, { "dapr-api-token": "s3cret" });
    for (const [, , request] of api.calls) expect((request as { actor?: string }).actor).toBe("jo");
  });

  it("[H169] without tokens, and in this process, it is not known", async () => {
    for (const overrides of [{}, { trusted: true }]) {
      const api = new Api(overrides);
      expect((await api.send("POST /v1.0/workflows/dapr/a/pause", "")).status).toBe(202);
      expect(api.calls[0]?.[2]).toEqual({ reason: undefined, actor: undefined });
      expect(api.log[0]).not.toHaveProperty("actor");
    }
  });

  it("[H169] a 401 names nobody", async () => {
    const { statusOf, log } = configured(env);
    expect(await statusOf("wrong")).toBe(401);
    expect(log[0]).not.toHaveProperty("actor");
  });
});
