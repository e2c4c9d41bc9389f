import worker, { WorkflowInstance as Plain } from "./edge.ts";
import { metered, withCosts } from "./meter.ts";

export const WorkflowInstance = metered(Plain);
export default { fetch: withCosts(worker.fetch) };
