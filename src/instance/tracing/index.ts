/*
 * Tracing: spans of what the instance has done, for a collector outside. The other rooms enter here.
 */
export { type Traced, Tracer } from "./tracer.ts";
