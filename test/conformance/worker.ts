// The Worker of a program written for Dapr: it serves what the program's runtimes have registered.
import { createWorker, StateStore } from "../../src/index.ts";
import "./programs/order-processor.ts";
import "./programs/authoring.ts";
import "./programs/patterns.ts";
import "./programs/tutorials.ts";
import "./programs/defects.ts";

const worker = createWorker();
export class WorkflowInstance extends worker.WorkflowInstance {}
export class WorkflowCatalog extends worker.WorkflowCatalog {}
export class WorkflowSchedule extends worker.WorkflowSchedule {}
export class WorkflowLimiter extends worker.WorkflowLimiter {}
export { StateStore };
export default worker;
