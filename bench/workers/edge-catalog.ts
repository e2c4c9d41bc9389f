// The same Worker with a catalog, to which each instance announces itself before its start is answered: one shard, as `npm start` has.
import { makeWorker } from "./edge.ts";

const worker = makeWorker("none", { catalog: { shards: 1 } });
export class WorkflowInstance extends worker.WorkflowInstance {}
export class WorkflowCatalog extends worker.WorkflowCatalog {}
export default worker;
