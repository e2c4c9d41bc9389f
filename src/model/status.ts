/** Where an instance stands. The names are those of Dapr's wire format (durabletask OrchestrationStatus). */
export type RuntimeStatus = "PENDING" | "RUNNING" | "SUSPENDED" | "COMPLETED" | "FAILED" | "TERMINATED";

/** The three that an instance never leaves again, unless its ID is started anew. */
export type TerminalStatus = Extract<RuntimeStatus, "COMPLETED" | "FAILED" | "TERMINATED">;

export function isTerminal(status: RuntimeStatus): status is TerminalStatus {
  return status === "COMPLETED" || status === "FAILED" || status === "TERMINATED";
}
