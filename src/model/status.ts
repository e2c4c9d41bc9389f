/** Where an instance stands. The names are those of Dapr's wire format (durabletask OrchestrationStatus). */
export type RuntimeStatus =
  | "PENDING"
  | "RUNNING"
  | "SUSPENDED"
  | "STALLED"
  | "COMPLETED"
  | "FAILED"
  | "CANCELED"
  | "TERMINATED";

/** Those that an instance never leaves again, unless its ID is started anew. */
export type TerminalStatus = Extract<RuntimeStatus, "COMPLETED" | "FAILED" | "CANCELED" | "TERMINATED">;

const ALL = {
  PENDING: true,
  RUNNING: true,
  SUSPENDED: true,
  STALLED: true,
  COMPLETED: true,
  FAILED: true,
  CANCELED: true,
  TERMINATED: true,
} satisfies Record<RuntimeStatus, true>;
export const RUNTIME_STATUSES = Object.keys(ALL) as readonly RuntimeStatus[];

export function isStatus(text: string): text is RuntimeStatus {
  return Object.hasOwn(ALL, text);
}

export function isTerminal(status: RuntimeStatus): status is TerminalStatus {
  return status === "COMPLETED" || status === "FAILED" || status === "CANCELED" || status === "TERMINATED";
}
