import { UnreadableError } from "../../storage/unreadable-error.ts";
import type { InstancePorts } from "../ports.ts";
import type { HistoryPage } from "../protocol.ts";
import { reading } from "./sealing.ts";

/** At most `limit` events of the history, from number `from` on. `check`: throws UnreadableError where it is known already. */
export async function readHistoryPage(
  ports: InstancePorts,
  { from, limit }: { readonly from: number; readonly limit: number },
  check: () => void,
): Promise<HistoryPage> {
  const { store } = ports;
  try {
    check();
    return await reading(ports, () => {
      const events = store.historyPage(from, limit);
      return { events, hasMore: events.length > 0 && from + events.length < store.nextHistorySeq };
    });
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    return { events: [], hasMore: false, unreadable: error.message };
  }
}
