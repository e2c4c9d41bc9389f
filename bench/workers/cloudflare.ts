import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import type { Job } from "../job.ts";

/** What `run` of each kind of work does. There is no continue-as-new, and locally nothing that survives an eviction. */
export class Bench extends WorkflowEntrypoint<Env, Job> {
  override run({ payload: job, instanceId }: WorkflowEvent<Job>, step: WorkflowStep): Promise<number> {
    switch (job.work) {
      case "series":
      case "steps":
        return steps(job, step);
      case "parallel":
      case "fanout":
        return fanout(job, step);
      case "payload":
        return payload(job, step);
      case "io":
        return io(job, step);
      case "timers":
        return timers(job, step);
      case "events":
        return events(job, step);
      case "children":
        return children(job, step, this.env.BENCH, instanceId);
      default:
        throw new Error(`Cloudflare Workflows has nothing to do ${job.work} with`);
    }
  }
}

async function steps({ n }: Job, step: WorkflowStep): Promise<number> {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += await step.do(`noop ${i}`, async () => i);
  return sum;
}

async function fanout({ n }: Job, step: WorkflowStep): Promise<number> {
  const results = Array.from({ length: n }, (_, i) => step.do(`noop ${i}`, async () => i));
  return (await Promise.all(results)).reduce((sum, i) => sum + i, 0);
}

async function payload({ n, bytes = 0 }: Job, step: WorkflowStep): Promise<number> {
  const text = "x".repeat(bytes);
  let length = 0;
  for (let i = 0; i < n; i++) length += (await step.do(`echo ${i}`, async () => text)).length;
  return length;
}

async function io({ n, url = "" }: Job, step: WorkflowStep): Promise<number> {
  let length = 0;
  for (let i = 0; i < n; i++) length += await step.do(`get ${i}`, async () => (await (await fetch(url)).text()).length);
  return length;
}

async function timers({ n, inMs = 0 }: Job, step: WorkflowStep): Promise<number> {
  await Promise.all(Array.from({ length: n }, (_, i) => step.sleep(`timer ${i}`, inMs)));
  return n;
}

async function events({ n }: Job, step: WorkflowStep): Promise<number> {
  for (let i = 0; i < n; i++) await step.waitForEvent(`event ${i}`, { type: "e" });
  return n;
}

/** There are no children: a step that starts an instance and waits for it is the nearest. */
async function children({ n }: Job, step: WorkflowStep, workflow: Workflow<Job>, parentId: string): Promise<number> {
  const runChild = async (i: number) => {
    await outputOf(await workflow.create({ id: `${parentId}-${i}`, params: { work: "series", n: 1 } }));
    return i;
  };
  const results = Array.from({ length: n }, (_, i) => step.do(`child ${i}`, () => runChild(i)));
  return (await Promise.all(results)).reduce((sum, i) => sum + i, 0);
}

/**
 * What a client of Cloudflare Workflows can do: subscribe to the end, then ask for the output. Asking for the status again and
 * again takes as long for few steps and much longer for many, as each answer has the whole log of the instance.
 */
async function outputOf(instance: WorkflowInstance): Promise<unknown> {
  using subscription = await instance.subscribe({ filter: [...ENDS] });
  await subscription.next();
  // The event comes a moment before the status has changed.
  for (;;) {
    const { status, output } = await instance.status();
    if (status === "complete") return output;
    if (status === "errored" || status === "terminated") throw new Error(`the instance is ${status}`);
  }
}

const ENDS = ["workflow_completed", "workflow_errored", "workflow_terminated"] as const;

interface Env {
  readonly BENCH: Workflow<Job>;
}

/**
 * `POST /run`, `/start`, `/raise` and `/finish`, each with `?id=`. `/run` creates an instance and waits for its end within
 * the one request, so that no second round trip is counted.
 */
export const makeWorker = (wait: (instance: WorkflowInstance, env: Env) => Promise<unknown>) => ({
  async fetch(request: Request, env: Env): Promise<Response> {
    const { BENCH } = env;
    const { pathname, searchParams } = new URL(request.url);
    const id = searchParams.get("id") ?? "";
    if (pathname === "/raise") await (await BENCH.get(id)).sendEvent({ type: "e", payload: 1 });
    if (pathname === "/raise") return Response.json({});
    const isNew = pathname === "/run" || pathname === "/start";
    const instance = isNew ? await BENCH.create({ id, params: await request.json<Job>() }) : await BENCH.get(id);
    if (pathname === "/start") return Response.json({});
    return Response.json({ status: "COMPLETED", output: await wait(instance, env) });
  },
});

export default makeWorker(outputOf);
