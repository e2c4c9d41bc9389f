/*
 * Reading: what the database says, where its texts may be encrypted, and what a caller is told of it. The other rooms enter here.
 */

export { type Described, describeInstance, hasStarted, visibleStatus } from "./describe.ts";
export type { Moment } from "./detail.ts";
export { readHistoryPage } from "./history-page.ts";
export { isMeant } from "./meant.ts";
export { readPast } from "./past.ts";
export { payloadCipher } from "./payload-keys.ts";
export { queryEnded, toQueryResult } from "./query.ts";
export { Readability } from "./readability.ts";
export { readRerunPage } from "./rerun-page.ts";
export { openText, reading, readingInto, writing } from "./sealing.ts";
export { NOTHING_KNOWN, type Snapshot, snapshotOf } from "./snapshot.ts";
export { isStandingKnown, type StandingLife, shownStanding } from "./standing.ts";
export { readTimeline } from "./timeline-page.ts";
