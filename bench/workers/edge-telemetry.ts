// The Worker with the catalog, and all of its telemetry: metrics in the catalog, traces to a collector.
import { env } from "cloudflare:workers";
import { makeWorker } from "./edge.ts";

const { ECHO_URL } = env as { readonly ECHO_URL: string };
const worker = makeWorker("none", { catalog: { shards: 1 }, telemetry: { metrics: true, otlp: { url: ECHO_URL } } });
export class WorkflowInstance extends worker.WorkflowInstance {}
export class WorkflowCatalog extends worker.WorkflowCatalog {}
export default worker;
