// The Worker that `npm start` serves and `npm run deploy` deploys: the samples. Put your own workflows in their place.
import { createWorker, StateStore, WorkflowRuntime } from "./index.ts";
import { registerGreeting } from "./samples/greeting.ts";
import { registerOrderProcessing } from "./samples/order-processing.ts";
import { registerPatterns } from "./samples/patterns.ts";
import { registerTravelBooking } from "./samples/travel-booking.ts";

const runtime = new WorkflowRuntime();
registerGreeting(runtime);
registerOrderProcessing(runtime);
registerPatterns(runtime);
registerTravelBooking(runtime);

// One shard is enough for some 250 new instances a second. To have more later: { shards: 8, former: [1] }.
const worker = createWorker(runtime, { catalog: { shards: 1 } });
/** A class of its own, and no constant: so it is a type too, which `wrangler types` asks for. */
export class WorkflowInstance extends worker.WorkflowInstance {}
export class WorkflowCatalog extends worker.WorkflowCatalog {}
export class WorkflowSchedule extends worker.WorkflowSchedule {}
export class WorkflowLimiter extends worker.WorkflowLimiter {}
export { StateStore };
export default worker;
