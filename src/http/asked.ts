import type { Asked } from "../model/history-event.ts";
import { oneLine } from "../model/log.ts";
import { fieldAsString } from "./body.ts";
import { type Call, queryValue } from "./call.ts";
import { malformed } from "./errors.ts";
import { MAX_REASON } from "./parameters.ts";

/*
 * Who does something, and why: both stand in the history, those of a purge in the log. Ours; over gRPC Dapr has reasons for some operations. Every
 * route that changes something takes `?reason=`, and those with fields in their body the field `reason`, which counts when both are there. Who it is
 * the token says, and nobody else.
 */

export function readAsked(call: Call, fields?: Readonly<Record<string, unknown>>): Asked {
  return { reason: readReason(call, fields), actor: call.caller?.name };
}

function readReason(call: Call, fields: Readonly<Record<string, unknown>> = {}): string | undefined {
  const reason = fieldAsString(fields, "reason") ?? queryValue(call, "reason");
  if (reason === undefined || reason.length <= MAX_REASON) return reason;
  throw malformed(`reason has at most ${MAX_REASON} characters, found ${reason.length}`);
}

/** Where the body is a payload, or no instance keeps it. It stands in the line of the request, too. */
export function noteAsked(call: Call, fields?: Readonly<Record<string, unknown>>): Asked {
  const { reason, actor } = readAsked(call, fields);
  if (!reason) return { actor };
  call.reason = oneLine(reason);
  return { reason, actor };
}
