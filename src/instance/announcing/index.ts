/*
 * Announcing: what the catalog is told of the instance. The other rooms enter here.
 */
export { Announcer } from "./announcer.ts";
export type { Announced } from "./flights.ts";
