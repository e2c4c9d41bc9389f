/*
 * Waking: when something happens next, and who is told. The other rooms enter here.
 */
export { AlarmKeeper, type Ring, type Workload } from "./alarm-keeper.ts";
export { Burst } from "./burst.ts";
export { isEndedByTerminate, isTakenWhileStalled, StallWatch } from "./stall-watch.ts";
export { Watchers } from "./watchers.ts";
