// The Worker with a webhook, which a receiver gets for each instance.
import { env } from "cloudflare:workers";
import { makeWorker } from "./edge.ts";

const { ECHO_URL } = env as { readonly ECHO_URL: string };
const secret = `whsec_${btoa("-".repeat(32))}`;
const worker = makeWorker("none", { webhooks: [{ url: ECHO_URL, secret, allowPrivate: true }] });
export class WorkflowInstance extends worker.WorkflowInstance {}
export default worker;
