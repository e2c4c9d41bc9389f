/*
 * Life: an instance from its start to its end or its purge, turn by turn. Whoever is outside enters here.
 */
export { FactQueue } from "./fact-queue.ts";
export { Gate } from "./gate.ts";
export type { Life } from "./life.ts";
export { Purges } from "./purges.ts";
export { TurnLoop } from "./turn-loop.ts";
