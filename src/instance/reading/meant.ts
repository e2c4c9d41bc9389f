import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { Command } from "../protocol.ts";

/** Whether there is an instance, and it is the one that the caller knows, or may know. */
export function isMeant(
  { createdByMs }: Pick<Command, "createdByMs">,
  record: InstanceRecord | undefined,
): record is InstanceRecord {
  return record !== undefined && (createdByMs === undefined || record.createdAtMs <= createdByMs);
}
