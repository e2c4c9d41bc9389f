// The service that the Restate server calls. argv: the port to listen on.
import {
  RestatePromise as Promises,
  type RestatePromise,
  serve,
  type WorkflowContext,
  workflow,
} from "@restatedev/restate-sdk";
import type { Job } from "../job.ts";

async function run(context: WorkflowContext, { work, n }: Job): Promise<number> {
  const noop = (i: number): RestatePromise<number> => context.run(`noop ${i}`, () => i);
  if (work === "fanout") {
    const results = await Promises.all(Array.from({ length: n }, (_, i) => noop(i)));
    return results.reduce((sum, i) => sum + i, 0);
  }
  let sum = 0;
  for (let i = 0; i < n; i++) sum += await noop(i);
  return sum;
}

await serve({ services: [workflow({ name: "bench", handlers: { run } })], port: Number(process.argv[2]) });
