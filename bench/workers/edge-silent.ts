// The same Worker without its log. createWorker has no switch for that, so what is left is that each line is still made.
export { default, WorkflowInstance } from "./edge.ts";

console.log = () => undefined;
