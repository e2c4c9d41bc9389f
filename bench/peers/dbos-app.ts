// DBOS and a small HTTP server in one process, as it is a library. argv: the port to listen on, the URL of the database.
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { DBOS } from "@dbos-inc/dbos-sdk";
import type { Job } from "../job.ts";

const [port, systemDatabaseUrl = ""] = process.argv.slice(2);

const run = DBOS.registerWorkflow(
  async ({ work, n }: Job): Promise<number> => {
    const noop = (i: number) => DBOS.runStep(async () => i, { name: `noop ${i}` });
    if (work === "fanout") {
      const results = await Promise.all(Array.from({ length: n }, (_, i) => noop(i)));
      return results.reduce((sum, i) => sum + i, 0);
    }
    let sum = 0;
    for (let i = 0; i < n; i++) sum += await noop(i);
    return sum;
  },
  { name: "bench" },
);

DBOS.setConfig({ name: "bench", systemDatabaseUrl, logLevel: "error" });
await DBOS.launch();

/** `POST /?id=`: awaits the workflow itself and not its handle, which would look into the database now and then. */
createServer(async (request, response) => {
  try {
    const workflowID = new URL(request.url ?? "", "http://localhost").searchParams.get("id") ?? "";
    const job = (await json(request)) as Job;
    const output = await DBOS.withNextWorkflowID(workflowID, () => run(job));
    response.end(JSON.stringify(output));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}).listen(Number(port), "127.0.0.1");
