import { sha256 } from "./sha256.ts";

/** Identifies one call of one activity, the same for every attempt and after every restart (Dapr 1.16: task execution ID). */
export function taskExecutionId(executionId: string, taskId: number): string {
  return `${executionId}:${taskId}`;
}

/**
 * How an execution is called in what goes to and comes from other instances: another name after each rewind, so that answers to what it
 * had asked for before are not taken for answers to what it asks for now. Whoever gets it only compares it.
 */
export function nameOfExecution(executionId: string, rewinds = 0): string {
  return rewinds === 0 ? executionId : `${executionId}~${rewinds}`;
}

/** The ID and the number of rewinds in such a name. */
export function executionOfName(name: string): { executionId: string; rewinds?: number } {
  const [, executionId, rewinds] = /^(.*)~(\d+)$/.exec(name) ?? [];
  return executionId === undefined ? { executionId: name } : { executionId, rewinds: Number(rewinds) };
}

/**
 * The ID of a child whose caller named none: Dapr's `<parent>:<call, four hex digits>`. Executions after a
 * continue-as-new put their generation before it, because Dapr's form would give two generations the same children.
 */
export function childInstanceId(parentInstanceId: string, generation: number, taskId: number): string {
  const call = taskId.toString(16).padStart(4, "0");
  return made(parentInstanceId, generation === 0 ? `:${call}` : `:${generation.toString(16)}.${call}`);
}

/** The ID of a detached workflow whose caller named none: Dapr's `<caller>-<call>`, and the generation as above. */
export function detachedInstanceId(callerId: string, generation: number, taskId: number): string {
  return made(callerId, generation === 0 ? `-${taskId}` : `-${generation}-${taskId}`);
}

/**
 * The ID of a bulk job, which is an instance of a workflow of our own. No caller can start one, because of the colon; an instance called `bulk` has
 * children of other names.
 */
export function jobId(uuid: string): string {
  return `bulk:${uuid}`;
}

export function isJobId(instanceId: string): boolean {
  return instanceId.startsWith("bulk:") && /^bulk:[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(instanceId);
}

/** How the start of a fire of a schedule is called, wherever it comes from and however often. No caller's request can be called so. */
export function scheduleRequestId(scheduleId: string, key: string): string {
  return `schedule:${scheduleId}:${key}`;
}

/** Whether a request, or who has asked for it, is called as those of schedules are. */
export function isOfSchedule(name: string | undefined): boolean {
  return name?.startsWith("schedule:") === true;
}

/** A UUID made of a text: the same each time, and of no other text. */
export function uuidOf(text: string): string {
  return sha256(text).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
}

/** In UTF-8. An object's name may have 1,024 bytes (Cloudflare). */
const MAX_MADE_BYTES = 256;

/** An ID grows with each level of nesting. Where it would become too long, the SHA-256 of its caller's ID stands for that. */
function made(callerId: string, call: string): string {
  const id = callerId + call;
  const isShort = id.length * 3 <= MAX_MADE_BYTES || new TextEncoder().encode(id).byteLength <= MAX_MADE_BYTES;
  return isShort ? id : sha256(callerId) + call;
}
