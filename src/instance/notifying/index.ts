/*
 * Notifying: webhooks, by which receivers outside are told how the instance has ended. The other rooms enter here.
 */
export { type Notified, Notifier } from "./notifier.ts";
