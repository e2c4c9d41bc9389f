// A server in a process of its own, to be killed: node host.ts WORKER DIRECTORY RECORDER_URL. Prints its origin when ready.
// For each line that it is given it serves the code anew, as that edition, and says so; for "heap" it says how many bytes of the
// heap are in use, if INSPECT is set. It ends by itself when whoever started it is gone.
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Inspector } from "../../../bench/inspector.ts";
import { bundle, serve } from "../e2e/server.ts";

const [worker, directory, recorderUrl] = process.argv.slice(2);
if (worker === undefined || directory === undefined || recorderUrl === undefined) {
  throw new Error("usage: host.ts WORKER DIRECTORY RECORDER_URL");
}
const entry = fileURLToPath(new URL(worker, import.meta.url).href);
const { code, classes } = await bundle(entry);
const edition = (name: string) => ({ code: code.replace("first edition", name), classes });
// Where a fault is made on purpose, its lines would only be in the way.
const onLog = (line: string) => {
  if (process.env.TELL_ERRORS !== undefined && line.includes('"level":"error"')) console.error(line);
};
const { CATALOG } = process.env;
const variables = { RECORDER_URL: recorderUrl, ...(CATALOG !== undefined && { CATALOG }) };
const inspector = process.env.INSPECT !== undefined;
// Without one, any that is free.
const port = Number(process.env.PORT ?? 0);
const server = await serve(edition("first edition"), { directory, variables, onLog, inspector, port });
console.log(server.origin);
const lines = createInterface({ input: process.stdin });
lines.on("line", async (name) => {
  if (name === "heap") return console.log(await heapInUse());
  await server.reload(edition(name));
  console.log(name);
});
async function heapInUse(): Promise<number> {
  if (server.inspector === undefined) throw new Error("expected INSPECT to be set, found no inspector");
  const looking = await Inspector.connect(server.inspector);
  const bytes = await looking.heapInUse();
  looking.close();
  return bytes;
}
lines.on("close", async () => {
  await server.close();
  process.exit(0);
});
