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
const server = await serve(edition("first edition"), { directory, variables: { RECORDER_URL: recorderUrl } });
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
