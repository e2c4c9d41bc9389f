import type { InstanceRecord } from "../../storage/instance-row.ts";
import { UnreadableError } from "../../storage/unreadable-error.ts";
import type { InstancePorts } from "../ports.ts";
import type { HistoryPage, HistoryRequest } from "../views.ts";
import { reading } from "./sealing.ts";

/** Events of the execution that is current now. `check`: throws UnreadableError where it is known already. */
export async function readHistoryPage(
  ports: InstancePorts,
  { executionId }: InstanceRecord,
  request: HistoryRequest,
  check: () => void,
): Promise<HistoryPage> {
  const nothing = { events: [], hasMore: false, executionId };
  if (request.executionId !== undefined && request.executionId !== executionId) return { ...nothing, isOver: true };
  try {
    check();
    return await reading(ports, () => {
      const { next, ...found } = ports.store.searchHistory(request);
      return { ...found, hasMore: next !== undefined, executionId, next };
    });
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    return { ...nothing, unreadable: error.message };
  }
}
