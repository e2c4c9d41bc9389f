/*
 * Delivery: what goes from one instance to another. The other rooms enter here.
 */
export { checkOwed, firstActiveChild, purgeChildren } from "./family.ts";
export { OnTheWay } from "./on-the-way.ts";
export { Outbox, type Sender } from "./outbox.ts";
export { tellParentOfPurge } from "./purge-notice.ts";
