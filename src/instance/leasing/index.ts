/*
 * Leasing: what is limited across instances waits here for its lease, and gives it back. The other rooms enter here.
 */
export { type Leaseholder, Leases } from "./leases.ts";
