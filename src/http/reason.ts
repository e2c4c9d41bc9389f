import { oneLine } from "../model/log.ts";
import { fieldAsString } from "./body.ts";
import { type Call, queryValue } from "./call.ts";

/*
 * Why somebody does something. Ours; over gRPC Dapr has it for some operations. Every route that changes something takes
 * `?reason=`, and those with fields in their body the field `reason`, which counts when both are there.
 */

export function readReason(call: Call, fields: Readonly<Record<string, unknown>>): string | undefined {
  return fieldAsString(fields, "reason") ?? queryValue(call, "reason");
}

/** Where the body is a payload, and the history has no place for a reason: it goes to the log. */
export function noteReason(call: Call): void {
  const reason = queryValue(call, "reason");
  if (reason) call.reason = oneLine(reason);
}
