import type { ParentLink } from "../../model/history-event.ts";
import type { Message } from "../../model/message.ts";
import { isTerminal } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import { errorFields } from "../log-text.ts";
import type { InstancePorts } from "../ports.ts";
import { reading } from "../reading/index.ts";

const PAUSES_MS = [50, 200];

/**
 * Tells the parent of an instance that is about to be purged by force, and would otherwise take with it whatever its parent
 * waits for. Before the wipe, because nothing could tell afterwards; beside the outbox, because the purge takes that too, and
 * fails when nobody can be told. Returns the parent's ID when it could not be reached.
 *
 * What is told twice counts once (T4). A purge that fails later on, or is lost, leaves an instance that goes on although its
 * parent has done with it; its own end is not taken any more, and the purge that is sent again removes it.
 */
export async function tellParentOfPurge(ports: InstancePorts, record: InstanceRecord): Promise<string | undefined> {
  // Of one that cannot be read, memory may know nothing. Its row tells all the same whose child it is.
  const parent = record.parent ?? ports.store.kin().parent;
  const message = parent === undefined ? undefined : await noticeFor(ports, record, parent);
  if (parent === undefined || message === undefined) return undefined;
  for (let attempt = 0; ; attempt++) {
    try {
      await ports.peer(parent.instanceId).deliver(message);
      return undefined;
    } catch (error) {
      const pauseMs = PAUSES_MS[attempt];
      if (pauseMs !== undefined) await ports.clock.delay(pauseMs);
      else {
        const { instanceId } = record;
        ports.log({ level: "warn", msg: "purge", instanceId, target: parent.instanceId, ...errorFields(ports, error) });
        return parent.instanceId;
      }
    }
  }
}

/** Of one that has ended, the end itself, unless the parent has heard of it. */
async function noticeFor(
  ports: InstancePorts,
  record: InstanceRecord,
  parent: ParentLink,
): Promise<Message | undefined> {
  if (!isTerminal(record.status)) return purged(record, parent);
  const entries = await reading(ports, () => ports.store.outbox());
  return entries.find(({ message }) => message.type === "ChildEnded")?.message;
}

function purged({ instanceId }: InstanceRecord, parent: ParentLink): Message {
  const failure = purgedFailure(instanceId);
  const { executionId: parentExecutionId, taskId } = parent;
  return { version: 1, type: "ChildEnded", parentExecutionId, taskId, outcome: { ok: false, failure } };
}

/** What becomes of the call of a child that is not there any more. */
export function purgedFailure(instanceId: string) {
  return {
    errorType: "WorkflowInstancePurged",
    message: `workflow instance '${instanceId}' was purged`,
    isNonRetriable: true,
  };
}
