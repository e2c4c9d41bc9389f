import { WorkflowApiError } from "../authoring/client-errors.ts";
import { Parser, type WatchedEvent } from "../authoring/client-watch.ts";
import { watchRefused } from "../http/events.ts";
import type { Instance } from "../instance/instance.ts";
import { readPosition } from "../model/history-position.ts";
import { shown } from "../model/options.ts";

/** Begins anew for each thing that is told. `until` asks an instance, and lets time pass until it has answered. */
export async function* watchInTime(
  instanceId: string,
  after: string | undefined,
  until: (question: (instance: Instance) => Promise<string | undefined>) => Promise<string | undefined>,
): AsyncGenerator<WatchedEvent> {
  let lastId = after;
  for (let isFirst = true; ; isFirst = false) {
    const text = await until((instance) => tellNext(instance, instanceId, lastId, isFirst));
    const told: WatchedEvent[] = text === undefined ? [{ type: "gone" }] : new Parser().read(text);
    for (const one of told) {
      if (one.type === "history") lastId = one.id;
      yield one;
      if (one.type === "end" || one.type === "gone") return;
    }
  }
}

/** What an instance tells next, after the event that is known; empty: ask again; `undefined`: it is not there any more. */
async function tellNext(
  instance: Instance,
  instanceId: string,
  lastId: string | undefined,
  isFirst: boolean,
): Promise<string | undefined> {
  const after = lastId === undefined ? undefined : readPosition(lastId);
  if (lastId !== undefined && after === undefined)
    throw new RangeError(`watchWorkflow: after is the id of an event, found ${shown(lastId)}`);
  const result = await instance.watch({ after });
  if (!result.ok && result.code === "NOT_FOUND" && !isFirst) return undefined;
  if (!result.ok) {
    const { status, body, message } = watchRefused(instanceId, result);
    throw new WorkflowApiError(status, typeof body === "object" ? body.errorCode : "ERROR", message);
  }
  const { socket } = result;
  return new Promise((resolve) => {
    socket.addEventListener("message", ({ data }) => {
      socket.close();
      resolve(String(data));
    });
    socket.addEventListener("close", () => resolve(""));
    socket.accept();
  });
}
