// The same Worker with its structured log: a line for each request and each instance, which Miniflare reads.
import { makeWorker } from "./edge.ts";

const worker = makeWorker("info");
export class WorkflowInstance extends worker.WorkflowInstance {}
export default worker;
