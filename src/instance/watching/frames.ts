import type { HistoryEvent } from "../../model/history-event.ts";
import { positionText } from "../../model/history-position.ts";
import type { RuntimeStatus } from "../../model/status.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";

/*
 * What a watcher is sent: Server-Sent Events, as text. They are made here, where the events are, so that the Worker passes them on
 * without reading them. JSON has no line breaks, so that each is one line of data.
 */

/** The ID tells where to go on after it. The event is as `…/history` has it. */
export function historyFrame(executionId: string, position: number, event: HistoryEvent): string {
  return `id: ${positionText({ executionId, position })}\n${frame("history", event)}`;
}

/** Another execution than the one that was read so far: it is read from its first event on. */
export function executionFrame({ executionId, generation }: InstanceRecord): string {
  return frame("execution", { executionId, generation });
}

export function endFrame(runtimeStatus: RuntimeStatus): string {
  return frame("end", { runtimeStatus });
}

/** The instance was purged. */
export const GONE_FRAME: string = frame("gone", {});

function frame(type: string, data: object): string {
  return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
