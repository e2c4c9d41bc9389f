// Which server, and as whom: flags, variables, profiles, defaults; tokens; what is told where something is wrong.

import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bundle, SAMPLES, serve, type Server as Workflows } from "../e2e/server.ts";
import { Cli } from "./support.ts";

let cli: Cli;
/** Two servers that note what they are asked, and know no instance. */
let first: Server;
let second: Server;
const asked: { port: number; path: string; token: string | undefined }[] = [];
const portOf = (server: Server) => (server.address() as { port: number }).port;
const urlOf = (server: Server) => `http://127.0.0.1:${portOf(server)}`;
let answer: { status: number; body: string; headers?: Record<string, string> };

async function listen(): Promise<Server> {
  const server = createServer((request: IncomingMessage, response) => {
    const token = request.headers["dapr-api-token"];
    asked.push({ port: portOf(server), path: request.url ?? "", token: typeof token === "string" ? token : undefined });
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

beforeAll(async () => {
  first = await listen();
  second = await listen();
  cli = await Cli.build();
});
afterAll(() => {
  first?.close();
  second?.close();
  cli?.remove();
});
beforeEach(() => {
  asked.length = 0;
  answer = { status: 404, body: JSON.stringify({ errorCode: "ERR_INSTANCE_ID_NOT_FOUND", message: "not here" }) };
});

/** Where `get x` has asked, with which component and token. */
async function whereTo(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  asked.length = 0;
  const { code, stderr } = await cli.run(["get", "x", ...words], { env });
  expect([code, stderr]).toEqual([3, expect.stringMatching(/^(Dapr's flags: .*\n)?error: not here\n$/)]);
  const [{ port, path, token } = { port: 0, path: "", token: undefined }] = asked;
  return [port === portOf(first) ? "first" : "second", /workflows\/([^/]+)\/x/.exec(path)?.[1], token];
}
const file = () => join(cli.directory, "config/edge-workflows/config.json");

describe("[L30] Settings", () => {
  it("[L30.1] a flag before a variable before the profile before the default, each for itself", async () => {
    const set = ["profile", "set", "prod", "--url", urlOf(first), "--token", "of-profile", "--component", "shop"];
    expect(await cli.run(set)).toEqual({ code: 0, stdout: `Profile 'prod' set in ${file()}\n`, stderr: "" });
    expect(await whereTo([])).toEqual(["first", "shop", "of-profile"]);
    expect(await whereTo([], { DAPR_API_TOKEN: "of-variable", EDGE_WORKFLOWS_COMPONENT: "till" })).toEqual([
      "first",
      "till",
      "of-variable",
    ]);
    expect(await whereTo(["--token", "of-flag", "--component", "flag"], { DAPR_API_TOKEN: "of-variable" })).toEqual([
      "first",
      "flag",
      "of-flag",
    ]);
    expect(await whereTo(["-n", "space"])).toEqual(["first", "space", "of-profile"]);
    const variables = { EDGE_WORKFLOWS_URL: urlOf(second), DAPR_API_TOKEN: "of-variable" };
    expect(await whereTo([], variables)).toEqual(["second", "shop", "of-variable"]);
    expect(await whereTo(["--url", urlOf(first)], variables)).toEqual(["first", "shop", "of-variable"]);
    // Flags may stand before the command, and behind it they count.
    asked.length = 0;
    await cli.run(["--url", urlOf(second), "--component", "a", "get", "x", "--component", "b"]);
    expect(asked).toMatchObject([{ port: portOf(second), path: expect.stringContaining("/workflows/b/x") }]);
  });

  it("[L30.2] the token of a profile goes to its server and to no other", async () => {
    expect(await whereTo(["--url", urlOf(second)])).toEqual(["second", "shop", undefined]);
    expect(await whereTo([], { EDGE_WORKFLOWS_URL: `${urlOf(second)}/` })).toEqual(["second", "shop", undefined]);
    expect(await whereTo(["--url", `${urlOf(first)}/`])).toEqual(["first", "shop", "of-profile"]);
  });

  it("[L30.3] --profile before EDGE_WORKFLOWS_PROFILE before the one in use; an unknown one is exit code 2", async () => {
    await cli.run(["profile", "set", "test", "--url", urlOf(second)]);
    expect(await whereTo(["--profile", "test"])).toEqual(["second", "dapr", undefined]);
    expect(await whereTo([], { EDGE_WORKFLOWS_PROFILE: "test" })).toEqual(["second", "dapr", undefined]);
    expect(await whereTo(["--profile", "prod"], { EDGE_WORKFLOWS_PROFILE: "test" })).toEqual([
      "first",
      "shop",
      "of-profile",
    ]);
    expect(await cli.run(["get", "x", "--profile", "none"])).toEqual({
      code: 2,
      stdout: "",
      stderr:
        'error: there is no profile "none", only prod, test. Make it with: edge-workflows profile set none --url URL\n',
    });
    expect(await cli.run(["profile", "use", "test"])).toEqual({
      code: 0,
      stdout: "Profile 'test' is used now\n",
      stderr: "",
    });
    expect(await whereTo([])).toEqual(["second", "dapr", undefined]);
  });

  it("[L30.4] what is no URL is exit code 2, without the password that may be in it", async () => {
    for (const url of ["ftp://host", "http://", "http://host?x=1", "http://user:secret@host"]) {
      const { code, stderr } = await cli.run(["get", "x", "--url", url]);
      expect(code).toBe(2);
      expect(stderr).toContain("the URL of a server is http:// or https://");
      expect(stderr).not.toContain("secret");
    }
  });
});

describe("[L35] What was never sent", () => {
  it("[L35.1] a token that no header can hold is exit code 2, and is not shown; white space around one is no part of it", async () => {
    for (const token of ["se\u0001cret", "se\ncret", "secret€"]) {
      asked.length = 0;
      const { code, stdout, stderr } = await cli.run(["get", "x", "--url", urlOf(second), "--token", token]);
      expect([code, stdout, asked]).toEqual([2, "", []]);
      expect(stderr).toBe("error: the token has characters that no header can hold: is it the token?\n");
    }
    expect((await whereTo(["--url", urlOf(second), "--token", " typed\n"])).at(-1)).toBe("typed");
  });

  it("[L35.2] latest of a list in which there is nothing is not found: exit code 3", async () => {
    answer = { status: 200, body: '{"workflows":[]}' };
    for (const verb of ["get", "suspend", "wait", "export"])
      expect(await cli.run([verb, "latest", "--url", urlOf(second)])).toEqual({
        code: 3,
        stdout: "",
        stderr: 'error: there is no instance, so none is "latest"\n',
      });
  });

  it("[L35.3] a file that is not there, or may not be written, is told in one line, without a stack", async () => {
    const url = ["--url", urlOf(second)];
    answer = { status: 200, body: '{"instanceId":"x"}\n' };
    for (const words of [
      ["catalog", "rebuild", "--file", "/nobody/has/this"],
      ["export", "x", "--file", "/nobody/has/this"],
      ["export", "x", "--file", cli.directory],
    ]) {
      const { code, stderr } = await cli.run([...words, ...url]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: .*(ENOENT|EISDIR).*\n$/)]);
    }
    expect(existsSync(`${cli.directory}.part`)).toBe(false);
  });

  it("[L35.4] --timeout of run without --wait would count for nothing: exit code 2", async () => {
    expect(await cli.run(["run", "order", "--timeout", "5s", "--url", urlOf(second)])).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: --timeout goes with --wait\n",
    });
    expect(asked).toEqual([]);
  });
});

describe("[L31] Profiles", () => {
  it("[L31.1] the file is its owner's alone, also when it was not, and is listed without tokens", async () => {
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(statSync(join(file(), "..")).mode & 0o777).toBe(0o700);
    chmodSync(file(), 0o644);
    const set = await cli.run(["profile", "set", "test", "--token-stdin"], { input: "typed\n", endInput: true });
    expect(set.code).toBe(0);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file(), "utf8"))).toEqual({
      current: "test",
      profiles: {
        prod: { url: urlOf(first), token: "of-profile", component: "shop" },
        test: { url: urlOf(second), token: "typed" },
      },
    });
    const { stdout } = await cli.run(["profile", "list"]);
    expect(stdout.split("\n").map((line) => line.replace(/ {2,}/g, "  "))).toEqual([
      "CURRENT  NAME  URL  COMPONENT  TOKEN",
      `  prod  ${urlOf(first)}  shop  set`,
      `*  test  ${urlOf(second)}  set`,
      "",
    ]);
    expect(stdout).not.toContain("of-profile");
  });

  it("[L31.2] changing one keeps the rest, and a token that goes to another server from now on is told of", async () => {
    const moved = await cli.run(["profile", "set", "test", "--url", urlOf(first)]);
    expect(moved.stderr).toBe(`The token of 'test' goes to ${urlOf(first)} from now on\n`);
    expect(await whereTo(["--profile", "test"])).toEqual(["first", "dapr", "typed"]);
  });

  it("[L31.3] delete, and what is wrong: names, nothing to set, a file that is none", async () => {
    expect((await cli.run(["profile", "delete", "test"])).stdout).toBe("Profile 'test' deleted\n");
    expect(JSON.parse(readFileSync(file(), "utf8"))).toEqual({ profiles: expect.not.objectContaining({ test: {} }) });
    const wrong = [
      ["use", "none"],
      ["delete", "none"],
      ["set", "a/b", "--url", "http://h"],
      ["set", "a"],
      ["set", "a", "--url", "ftp://h"],
    ];
    for (const words of wrong) expect((await cli.run(["profile", ...words])).code).toBe(2);
    expect((await cli.run(["profile", "set", "a", "--token-stdin"], { input: "\n", endInput: true })).code).toBe(2);
    writeFileSync(file(), '{"profiles":[]}');
    const broken = await cli.run(["list"]);
    expect([broken.code, broken.stderr]).toEqual([1, expect.stringContaining("is no file of profiles")]);
    writeFileSync(file(), '{"profiles":{}}');
    expect(await cli.run(["profile", "list"])).toMatchObject({ code: 0, stdout: "" });
    const elsewhere = { XDG_CONFIG_HOME: "", HOME: cli.directory };
    await cli.run(["profile", "set", "home", "--url", "http://h"], { env: elsewhere });
    expect(existsSync(join(cli.directory, ".config/edge-workflows/config.json"))).toBe(true);
  });
});

describe("[L32] Answers that are no answers", () => {
  it("[L32.1] who is not let in: exit code 4, and where the token goes", async () => {
    let workflows: Workflows | undefined;
    try {
      workflows = await serve(await bundle(SAMPLES), { variables: { DAPR_API_TOKEN: "secret" } });
      const url = ["--url", workflows.origin];
      expect(await cli.run(["list", ...url])).toEqual({
        code: 4,
        stdout: "",
        stderr: "error: invalid api token. Give the server's token with --token, DAPR_API_TOKEN or a profile\n",
      });
      expect((await cli.run(["suspend", "x", ...url, "--token", "wrong"])).code).toBe(4);
      expect((await cli.run(["count", ...url], { env: { DAPR_API_TOKEN: "secret" } })).stdout).toBe("0\n");
    } finally {
      await workflows?.close();
    }
  });

  it.each([
    [
      { status: 302, body: "", headers: { location: "https://login.example" } },
      1,
      "a redirect to https://login.example",
    ],
    [
      {
        status: 400,
        body: '{"errorCode":"ERR_MALFORMED_REQUEST","message":"failed deserializing HTTP body: found no cron"}',
      },
      2,
      "error: found no cron",
    ],
    [{ status: 200, body: "<html>" }, 1, "a page, which is nothing of the workflow API"],
    [{ status: 404, body: "<html>" }, 1, "was answered with 404, and not by the workflow API"],
    [{ status: 404, body: '{"errorCode":"ERR_DIRECT_INVOKE","message":"m"}' }, 1, "this server has no such route"],
    [
      { status: 403, body: '{"errorCode":"ERR_FORBIDDEN","message":"needs the role operator"}' },
      4,
      "needs the role operator",
    ],
    [{ status: 500, body: '{"errorCode":"ERR_INTERNAL","message":"inside"}' }, 1, "error: inside"],
    [{ status: 503, body: "try later" }, 1, "error: try later"],
    [
      { status: 501, body: '{"errorCode":"ERR_CATALOG_NOT_CONFIGURED","message":"add the binding"}' },
      1,
      "add the binding",
    ],
  ])("[L32.2] %o is exit code %i", async (given, code, text) => {
    answer = given;
    const ran = await cli.run(["get", "x", "--url", urlOf(first)]);
    expect([ran.code, ran.stdout]).toEqual([code, ""]);
    expect(ran.stderr).toContain(text);
    expect(ran.stderr.split("\n")).toHaveLength(2);
  });
});

describe("[L33] token", () => {
  it("[L33.1] what it makes lets in as it says: a viewer sees, and cannot purge, which is exit code 4; stdin gives the line of a token that there is", async () => {
    const made = await cli.run(["token", "dashboard", "--role", "viewer", "--expires", "30d"]);
    expect(made.stdout).toMatch(
      /^Token: {2}ew_[\w-]{43}\nLine: {3}dashboard:viewer:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ:\*:[0-9a-f]{64}\n$/,
    );
    expect(made.stderr).toContain("npx wrangler secret put DAPR_API_TOKENS");
    const [token = "", line = ""] = made.stdout
      .trimEnd()
      .split("\n")
      .map((one) => one.slice(8));
    const json = JSON.parse(
      (await cli.run(["token", "acme", "--role", "admin", "--prefix", "acme-", "-o", "json"])).stdout,
    );
    const again = await cli.run(["token", "dashboard", "--role", "viewer", "--stdin"], {
      input: `${token}\n`,
      endInput: true,
    });
    expect(again.stdout).toBe(`Token:  (as given)\nLine:   dashboard:viewer:-:*:${line.split(":").at(-1)}\n`);
    let workflows: Workflows | undefined;
    try {
      const variables = { DAPR_API_TOKENS: `${line}\n${json.line}` };
      workflows = await serve(await bundle(SAMPLES), { variables });
      const as = (one: string, ...words: string[]) =>
        cli.run([...words, "--url", workflows?.origin ?? "", "--token", one]);
      expect((await as(token, "list")).code).toBe(0);
      const purge = await as(token, "purge", "x");
      expect([purge.code, purge.stderr]).toEqual([
        4,
        expect.stringContaining("the token 'dashboard' has the role viewer"),
      ]);
      expect((await as(json.token, "run", "chaining", "-i", "acme-1", "-x", '"Ada"')).code).toBe(0);
      expect((await as(json.token, "run", "chaining", "-i", "other-1")).code).toBe(4);
      expect((await as(json.token, "purge", "acme-1")).code).toBe(0);
    } finally {
      await workflows?.close();
    }
  });

  it("[L33.2] what no line can hold is exit code 2", async () => {
    const wrong = [
      [["ci", "--role", "boss"], "Supported values are viewer, starter, operator, admin"],
      [["ci"], "--role says what it may do. Supported values are viewer, starter, operator, admin"],
      [["a:b", "--role", "admin"], "the name has 1 to 64 letters"],
      [["ci", "--role", "admin", "--expires", "soon"], "invalid value for --expires"],
      [["ci", "--role", "admin", "--expires", "2020-01-01"], "--expires is a time to come"],
      [["ci", "--role", "admin", "--prefix", "a:b"], "the prefix is the beginning of instance IDs"],
      [["ci", "--role", "admin", "--stdin"], "a token is expected on stdin, found nothing"],
    ] as const;
    for (const [words, text] of wrong) {
      const { code, stdout, stderr } = await cli.run(["token", ...words]);
      expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining(text)]);
    }
  });
});
