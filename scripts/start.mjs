// npm start [-- --port N --persist-to DIR, or any other flag of `wrangler dev`]

import "./node-version.mjs";
import { accessSync, constants, mkdirSync } from "node:fs";
import { relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { hasApiToken, isLoopback, mayHaveToken } from "./api-token.mjs";
import { buildDashboard } from "./dashboard.mjs";
import { freePort, hostInUrl, portProblem, startDevServer, stopWhenAsked } from "./dev-server.mjs";
import { hiddenAddress, openFrontDoor } from "./front-door.mjs";
import { ROOT, runWrangler } from "./wrangler.mjs";

const given = process.argv.slice(2);
const { values } = parseArgs({
  args: given,
  strict: false,
  options: {
    ip: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "8787" },
    "persist-to": { type: "string", default: resolve(ROOT, ".wrangler/state") },
    "local-protocol": { type: "string", default: "http" },
    "local-upstream": { type: "string" },
    host: { type: "string" },
    "infer-origin-from-routes": { type: "boolean" },
    bundle: { type: "boolean" },
    config: { type: "string", short: "c" },
    env: { type: "string", short: "e" },
    "env-file": { type: "string", multiple: true },
    help: { type: "boolean", short: "h" },
    version: { type: "boolean", short: "v" },
  },
});

if (values.help || values.version) process.exit((await runWrangler(["dev", ...given])).code);

const { ip } = values;
const port = Number(String(values.port));
if (!Number.isInteger(port) || port < 1 || port > 65535) {
  fail(`--port needs a number from 1 to 65535 and was given "${values.port}".`);
}
// Without a token, all that keeps others out is that only this machine can reach the server, by a name that is this machine's.
const opening = whatOpensIt();
if (opening !== undefined && !(await hasApiToken(given, values))) {
  fail(`${opening}, so it needs a token. Put one into the file .dev.vars, for instance with
  echo "DAPR_API_TOKEN=$(openssl rand -hex 32)" >> .dev.vars
and send it with each request as the header dapr-api-token.`);
}
const problem = await portProblem({ ip, port });
if (problem === "EADDRINUSE") {
  fail(`Port ${port} is taken: stop what listens there, or take another one: npm start -- --port ${port + 1}`);
} else if (problem !== undefined) {
  fail(`Cannot listen on ${ip}:${port} (${problem}). Choose another address: npm start -- --ip 127.0.0.1 --port 8787`);
}

const dataDirectory = resolve(values["persist-to"]);
const refusal = writeProblem(dataDirectory);
if (refusal !== undefined) {
  fail(`Cannot write to ${dataDirectory} (${refusal}). Choose another place: npm start -- --persist-to DIRECTORY`);
}
await buildDashboard();
// With TLS no page of another name gets as far as a request.
const inner = values["local-protocol"] === "http" ? await innerAddress() : { host: ip, port };
const server = startDevServer({ args: argumentsWithDefaults(), onReady: open });

let asked = false;
stopWhenAsked((signal) => {
  asked = true;
  return server.stop(signal);
});
const code = await server.exited;
process.exit(asked ? 0 : code);

/** Takes out the three flags read here before setting them: wrangler makes a list of a flag that stands twice. */
function argumentsWithDefaults() {
  const ours = new Set(["--ip", "--port", "--persist-to"]);
  const others = [];
  for (let index = 0; index < given.length; index += 1) {
    const argument = given[index];
    if (ours.has(argument)) index += 1;
    else if (!ours.has(argument.split("=", 1)[0])) others.push(argument);
  }
  // wrangler puts around a Worker what reads the bodies that it has left unread, if it may bundle.
  if (values.bundle === undefined) others.push("--bundle");
  // With `routes` in the configuration, wrangler would put their host in the place of the one that a request was sent to.
  if (values["infer-origin-from-routes"] === undefined) others.push("--infer-origin-from-routes=false");
  return [...others, "--ip", inner.host, "--port", String(inner.port), "--persist-to", dataDirectory];
}

async function innerAddress() {
  const host = hiddenAddress();
  return { host, port: await freePort(host) };
}

async function open() {
  try {
    if (inner.port !== port) await openFrontDoor({ ip, port, inner });
  } catch (error) {
    console.error(`Cannot listen on ${ip}:${port} (${error.code ?? error.message}).`);
    await server.stop();
    process.exit(1);
  }
  await greet();
}

function whatOpensIt() {
  if (!isLoopback(ip)) return `With --ip ${ip} other machines can start, read and end workflows`;
  for (const flag of ["host", "local-upstream"]) {
    if (values[flag] !== undefined)
      return `With --${flag} a web page that gives this machine its own name cannot be told from a request to localhost`;
  }
}

/** wrangler says so too, and then listens all the same. */
function writeProblem(directory) {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
  } catch (error) {
    return error.code ?? error.message;
  }
}

async function greet() {
  const host = ip === "127.0.0.1" || ip === "0.0.0.0" || ip === "::" || ip === "*" ? "localhost" : hostInUrl(ip);
  const origin = `${values["local-protocol"]}://${host}:${port}`;
  const workflows = `${origin}/v1.0/workflows/dapr`;
  const header = (await needsToken()) ? ' -H "dapr-api-token: $DAPR_API_TOKEN"' : "";
  const shownDirectory = relative(process.cwd(), dataDirectory);
  console.log(`
edge-workflows listens on ${origin}
${header === "" ? "" : "\nEvery request needs the token:\n  export DAPR_API_TOKEN=…\n"}
See all of it in a browser, and start and act there:
  ${origin}/ui/

Start an order; above 5000 it waits for an approval, 30 s long:
  curl -i -X POST${header} '${workflows}/orderProcessingWorkflow/start?instanceID=order-1' -d '{"itemName":"car","totalCost":9000,"quantity":1}'

See that it waits:
  curl${header} '${workflows}/order-1'

Approve it, and see it again:
  curl -i -X POST${header} '${workflows}/order-1/raiseEvent/approval_event' -d 'true'

List all that there are, or read about every route, and try it, at ${origin}/docs/:
  curl${header} '${workflows}?pageSize=10'

Data lives in ${shownDirectory.startsWith("..") ? dataDirectory : shownDirectory} and outlasts restarts. Ctrl-C stops.
`);
}

/** Whether the server asks for a token, where there may be one: it knows best whether wrangler has found it. */
async function needsToken() {
  if (!mayHaveToken(given)) return false;
  const address = ip === "::" ? "[::1]" : ip === "0.0.0.0" || ip === "*" ? "127.0.0.1" : hostInUrl(ip);
  const response = await fetch(`${values["local-protocol"]}://${address}:${port}/v1.0/metadata`).catch(() => undefined);
  return response?.status === 401;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
