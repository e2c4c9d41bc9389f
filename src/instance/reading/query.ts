import type { QueryAnswer } from "../../engine/interactions.ts";
import { Orchestration } from "../../engine/orchestration.ts";
import { changedVersion } from "../../engine/replay.ts";
import type { InstanceRecord } from "../../storage/instance-row.ts";
import type { InstancePorts } from "../ports.ts";
import type { QueryResult } from "../protocol.ts";
import { reading } from "./sealing.ts";

/** The code runs once more over its history, for this question alone. */
export async function queryEnded(
  ports: InstancePorts,
  { instanceId }: InstanceRecord,
  name: string,
  input: string | undefined,
): Promise<QueryResult> {
  const { registry, onNonDeterminism, store } = ports;
  const code = { registry, onNonDeterminism };
  const history = await reading(ports, () => store.history());
  const [started] = history;
  const named = changedVersion(history) ?? (started?.type === "ExecutionStarted" ? started.version : undefined);
  if (started?.type === "ExecutionStarted" && registry.workflow(started.name, named).type !== "found") {
    const version = named === undefined ? "" : ` in version '${named}'`;
    const message = `workflow '${started.name}'${version} is not registered any more, so its history cannot be asked`;
    return { ok: false, code: "FAILED", message };
  }
  const orchestration = await Orchestration.load(instanceId, code, history, true, { runEnded: true });
  return toQueryResult(orchestration.query(name, input));
}

export function toQueryResult(answer: QueryAnswer): QueryResult {
  if (answer.ok) return answer;
  return { ok: false, code: answer.isUnknown ? "UNKNOWN" : "FAILED", message: answer.message };
}
