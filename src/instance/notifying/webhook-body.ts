import type { ExecutionCompleted, ExecutionStalled, HistoryEvent } from "../../model/history-event.ts";
import { oneLine } from "../../model/log.ts";
import { isTerminal } from "../../model/status.ts";
import { formatTime } from "../../model/time.ts";
import type { WebhookEvent } from "../../model/webhook-event.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";

/** Standard Webhooks asks for small ones: receivers read what they need from the API. */
export const MAX_BODY_BYTES = 20_000;

type Told = HistoryEvent & (ExecutionCompleted | ExecutionStalled);

interface Wishes {
  readonly includeOutput: boolean;
  /** They may quote payloads. */
  readonly withMessages: boolean;
}

/** The body of a webhook, in the words of lists. Without payloads, unless they are asked for and fit. */
export function webhookBody(type: WebhookEvent, event: Told, record: InstanceRecord, wishes: Wishes): string {
  const timestamp = formatTime(event.timestampMs);
  const data = {
    instanceID: record.instanceId,
    workflowName: record.name,
    version: record.version,
    executionID: record.executionId,
    runtimeStatus: record.status,
    createdAt: formatTime(record.createdAtMs),
    ...(isTerminal(record.status) && { endedAt: timestamp }),
    parentInstanceID: record.parent?.instanceId,
    failure: failureOf(event, wishes),
    searchAttributes: record.searchAttributes,
  };
  const output = wishes.includeOutput && event.type === "ExecutionCompleted" ? event.output : undefined;
  const whole = JSON.stringify({
    type,
    timestamp,
    data: { ...data, ...(output !== undefined && { output: asJson(output) }) },
  });
  if (fits(whole)) return whole;
  const thin = JSON.stringify({
    type,
    timestamp,
    data: { ...data, ...(output !== undefined && { outputOmitted: true }) },
  });
  // Names and attributes have limits of their own, below this one.
  return thin;
}

function failureOf(event: Told, { withMessages }: Wishes) {
  const failure =
    event.type === "ExecutionStalled" ? { errorType: event.reason, message: event.message } : event.failure;
  if (failure === undefined) return undefined;
  const { errorType, message } = failure;
  return { errorType, ...(withMessages && { message: oneLine(message) }) };
}

function fits(body: string): boolean {
  return body.length <= MAX_BODY_BYTES && new TextEncoder().encode(body).byteLength <= MAX_BODY_BYTES;
}

/** An output that is no JSON is told as a text. */
function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
