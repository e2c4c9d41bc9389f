import { oneLine } from "../model/log.ts";
import { fieldAsString } from "./body.ts";
import { type Call, queryValue } from "./call.ts";
import { malformed } from "./errors.ts";
import { MAX_REASON } from "./parameters.ts";

/*
 * Why somebody does something: it stands in the history, that of a purge in the log. Ours; over gRPC Dapr has it for some operations. Every
 * route that changes something takes `?reason=`, and those with fields in their body the field `reason`, which counts when both are there.
 */

export function readReason(call: Call, fields: Readonly<Record<string, unknown>> = {}): string | undefined {
  const reason = fieldAsString(fields, "reason") ?? queryValue(call, "reason");
  if (reason === undefined || reason.length <= MAX_REASON) return reason;
  throw malformed(`reason has at most ${MAX_REASON} characters, found ${reason.length}`);
}

/** Where the body is a payload, or no instance keeps it. It stands in the line of the request, too. */
export function noteReason(call: Call, fields?: Readonly<Record<string, unknown>>): string | undefined {
  const reason = readReason(call, fields);
  if (!reason) return undefined;
  call.reason = oneLine(reason);
  return reason;
}
