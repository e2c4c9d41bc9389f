// A server in a process of its own, to be killed: node host.ts WORKER DIRECTORY RECORDER_URL. Prints its origin when ready.
// For each line that it is given it serves the code anew, as that edition, and says so; it ends by itself when whoever
// started it is gone.
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
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
const variables = { RECORDER_URL: recorderUrl };
const server = await serve(edition("first edition"), { directory, variables, onLog });
console.log(server.origin);
const lines = createInterface({ input: process.stdin });
lines.on("line", async (name) => {
  await server.reload(edition(name));
  console.log(name);
});
lines.on("close", async () => {
  await server.close();
  process.exit(0);
});
