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

export function isTerminal(status: RuntimeStatus): status is TerminalStatus {
  return status === "COMPLETED" || status === "FAILED" || status === "CANCELED" || status === "TERMINATED";
}
