/** Identifies one call of one activity, the same for every attempt and after every restart (Dapr 1.16: task execution ID). */
export function taskExecutionId(executionId: string, taskId: number): string {
  return `${executionId}:${taskId}`;
}

/**
 * The ID of a child whose caller named none: Dapr's `<parent>:<call, four hex digits>`. Executions after a
 * continue-as-new put their generation before it, because Dapr's form would give two generations the same children.
 */
export function childInstanceId(parentInstanceId: string, generation: number, taskId: number): string {
  const call = taskId.toString(16).padStart(4, "0");
  return generation === 0 ? `${parentInstanceId}:${call}` : `${parentInstanceId}:${generation.toString(16)}.${call}`;
}

/** The ID of a detached workflow whose caller named none: Dapr's `<caller>-<call>`, and the generation as above. */
export function detachedInstanceId(callerId: string, generation: number, taskId: number): string {
  return generation === 0 ? `${callerId}-${taskId}` : `${callerId}-${generation}-${taskId}`;
}
