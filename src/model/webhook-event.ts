import type { HistoryEvent } from "./history-event.ts";

/** What receivers of webhooks can be told of. */
export const WEBHOOK_EVENTS = [
  "workflow.completed",
  "workflow.failed",
  "workflow.terminated",
  "workflow.canceled",
  "workflow.stalled",
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

const OF_STATUS = {
  COMPLETED: "workflow.completed",
  FAILED: "workflow.failed",
  TERMINATED: "workflow.terminated",
  CANCELED: "workflow.canceled",
} as const satisfies Record<string, WebhookEvent>;

/** What this event of a history is to receivers, if it is anything to them. */
export function webhookEventOf(event: HistoryEvent): WebhookEvent | undefined {
  if (event.type === "ExecutionCompleted") return OF_STATUS[event.status];
  return event.type === "ExecutionStalled" ? "workflow.stalled" : undefined;
}

/** Who is told, and how much. */
export interface WebhookTarget {
  readonly url: string;
  /** What the workflow has given back, too. */
  readonly includeOutput: boolean;
}
