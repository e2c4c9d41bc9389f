/*
 * Activities: run them, so many at a time, and again after a restart. The other rooms enter here.
 */
export type { ActivityOwner, ActivityRun, Admission } from "./activity-run.ts";
export { ActivityRunner } from "./activity-runner.ts";
export { Recoveries, type Recovery } from "./recovery.ts";
