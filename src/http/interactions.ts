import type { QueryResult, UpdateResult } from "../instance/protocol.ts";
import { noteAsked } from "./asked.ts";
import { readBody, readOptionalFields } from "./body.ts";
import type { Call } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { HttpError, instanceNotFound, operationFailed } from "./errors.ts";
import { callInstance } from "./instance-call.ts";
import { targetOf } from "./instance-id.ts";
import { QUERY_INPUT, readParameters, UPDATE_ID } from "./parameters.ts";
import { json, jsonText, type Reply } from "./replies.ts";
import { readTimeoutMs } from "./state.ts";

/*
 * What goes beyond Dapr: asking a workflow's code, and changing it and hearing the result. Both are served under /v1.0 only.
 */

/** `GET …/{id}/query/{name}[?input=<JSON>]`: 200 and the result as JSON. 404 `ERR_WORKFLOW_QUERY_NOT_FOUND` when there is no such query. */
export async function queryWorkflow(call: Call, deps: HttpDeps): Promise<Reply> {
  await readOptionalFields(call.request, deps.maxBodyBytes);
  const { id, name } = call.params;
  const { input } = readParameters(call, QUERY_INPUT);
  const request = { name, input };
  const result = await callInstance(call, deps, targetOf("query", call, deps), (instance) => instance.query(request));
  if (result.ok) return jsonText(200, result.result ?? "null");
  throw queryRefused(id, result);
}

/**
 * `POST …/{id}/update/{name}[?updateID=][&timeoutSeconds=]`: the raw body is the input. 200 and the result as JSON, or 202
 * `{"updateID"}` when it is accepted and has not ended in time: the same request again hears the result. An update counts
 * once for each ID; without one it gets a UUID.
 */
export async function updateWorkflow(call: Call, deps: HttpDeps): Promise<Reply> {
  const { id, name } = call.params;
  const input = await readBody(call.request, deps.maxBodyBytes);
  const updateId = readParameters(call, UPDATE_ID).updateID || deps.newId();
  const deadlineMs = deps.now() + readTimeoutMs(call);
  const asked = noteAsked(call);
  const result = await callInstance(call, deps, targetOf("update", call, deps), (instance) =>
    instance.update({ updateId, name, input, timeoutMs: Math.max(0, deadlineMs - deps.now()), ...asked }),
  );
  if (result.ok) return jsonText(200, result.result ?? "null");
  if (result.code === "PENDING") return json(202, { updateID: updateId });
  throw updateRefused(id, result);
}

function queryRefused(id: string, result: Extract<QueryResult, { ok: false }>): HttpError {
  switch (result.code) {
    case "NOT_FOUND":
      return instanceNotFound(id);
    case "UNKNOWN":
      return new HttpError(404, { errorCode: "ERR_WORKFLOW_QUERY_NOT_FOUND", message: result.message });
    case "STALLED":
      return operationFailed("query", id, "workflow is stalled");
    case "BUSY":
      return operationFailed("query", id, "the workflow's code is at work and cannot be asked just now; ask again");
    case "NOT_STARTED":
      return operationFailed("query", id, "the workflow waits for its scheduled start, and has nothing to tell yet");
    case "FAILED":
      return operationFailed("query", id, result.message);
  }
}

function updateRefused(id: string, result: Exclude<UpdateResult, { ok: true } | { code: "PENDING" }>): HttpError {
  switch (result.code) {
    case "NOT_FOUND":
      return instanceNotFound(id);
    case "STALLED":
      return operationFailed("update", id, "workflow is stalled");
    case "ENDED":
      return operationFailed("update", id, "the workflow has ended, and takes no updates any more");
    case "FORGOTTEN":
      return operationFailed(
        "update",
        id,
        "an update with this ID was taken before the workflow continued as new, and its result is not kept",
      );
    case "REJECTED":
      return new HttpError(400, { errorCode: "ERR_WORKFLOW_UPDATE_REJECTED", message: result.failure.message });
    case "FAILED":
      return operationFailed("update", id, `${result.failure.errorType}: ${result.failure.message}`);
  }
}
