// A server in a process of its own, to be killed: node host.ts WORKER DIRECTORY RECORDER_URL. Prints its origin when ready,
// and ends by itself when whoever started it is gone.
import { fileURLToPath } from "node:url";
import { bundle, serve } from "../e2e/server.ts";

const [worker, directory, recorderUrl] = process.argv.slice(2);
if (worker === undefined || directory === undefined || recorderUrl === undefined) {
  throw new Error("usage: host.ts WORKER DIRECTORY RECORDER_URL");
}
const entry = fileURLToPath(new URL(worker, import.meta.url).href);
const server = await serve(await bundle(entry), { directory, variables: { RECORDER_URL: recorderUrl } });
console.log(server.origin);
process.stdin.on("end", async () => {
  await server.close();
  process.exit(0);
});
process.stdin.resume();
