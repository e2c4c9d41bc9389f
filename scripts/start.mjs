// npm start [-- --port N --persist-to DIR, or any other flag of `wrangler dev`]

import "./node-version.mjs";
import { accessSync, constants, mkdirSync } from "node:fs";
import { relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { portProblem, startDevServer, stopWhenAsked } from "./dev-server.mjs";
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
const server = startDevServer({ args: argumentsWithDefaults(), onReady: greet });

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
  return [...others, "--ip", ip, "--port", String(port), "--persist-to", dataDirectory];
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

function greet() {
  const host = ip === "127.0.0.1" || ip === "0.0.0.0" || ip === "::" || ip === "*" ? "localhost" : ip;
  const workflows = `${values["local-protocol"]}://${host}:${port}/v1.0/workflows/dapr`;
  const shownDirectory = relative(process.cwd(), dataDirectory);
  console.log(`
edge-workflows listens on ${values["local-protocol"]}://${host}:${port}

Start an order (above 5000 it waits 30 s for approval):
  curl -i -X POST '${workflows}/orderProcessingWorkflow/start?instanceID=order-1' -d '{"itemName":"paperclip","totalCost":500,"quantity":100}'

See how it stands:
  curl '${workflows}/order-1'

Approve one that waits:
  curl -i -X POST '${workflows}/order-1/raiseEvent/approval_event' -d 'true'

Data lives in ${shownDirectory.startsWith("..") ? dataDirectory : shownDirectory} and outlasts restarts. Ctrl-C stops.
`);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
