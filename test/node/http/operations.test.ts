import { describe, expect, it } from "vitest";
import type { OperationResult } from "../../../src/instance/protocol.ts";
import { Api, read, refusal } from "./support.ts";

const at = (operation: string) => `POST /v1.0/workflows/dapr/X/${operation}`;

describe("operations on an instance", () => {
  it.each([
    ["terminate", undefined, "terminate", { output: undefined, recursive: true }],
    ["terminate", '{"output": {"b": [1, null]}}', "terminate", { output: '{"b":[1,null]}', recursive: true }],
    ["terminate", '{"output": null}', "terminate", { output: "null", recursive: true }],
    ["terminate", '{"output": ""}', "terminate", { output: '""', recursive: true }],
    ["terminate?nonRecursive=true", undefined, "terminate", { output: undefined, recursive: false }],
    ["terminate?nonRecursive=false", undefined, "terminate", { output: undefined, recursive: true }],
    ["purge", undefined, "purge", { recursive: true, force: false }],
    ["purge?nonRecursive=true", undefined, "purge", { recursive: false, force: false }],
    ["purge?force=true", undefined, "purge", { recursive: true, force: true }],
    ["cancel", undefined, "cancel", { reason: undefined }],
    ["cancel", '{"reason": "late"}', "cancel", { reason: "late" }],
    ["pause", undefined, "suspend", { reason: undefined }],
    ["pause", '{"reason": "audit"}', "suspend", { reason: "audit" }],
    ["resume", undefined, "resume", { reason: undefined }],
    ["resume", '{"reason": ""}', "resume", { reason: "" }],
    [
      "raiseEvent/go",
      '{"x":1}',
      "raiseEvent",
      { name: "go", input: '{"x":1}', messageId: "00000000-0000-4000-8000-000000000001" },
    ],
    [
      "raiseEvent/Go%20on%2F",
      undefined,
      "raiseEvent",
      { name: "Go on/", input: "", messageId: "00000000-0000-4000-8000-000000000001" },
    ],
  ])("[H40] %s with body %s is 202 {} and asks the instance once", async (operation, body, method, argument) => {
    const api = new Api();
    expect(await read(await api.send(at(operation), body))).toEqual({ status: 202, body: {} });
    expect(api.calls).toEqual([[method, "X", argument]]);
  });

  const NOT_FOUND: OperationResult = { ok: false, code: "NOT_FOUND" };
  const unknown = refusal(404, "ERR_INSTANCE_ID_NOT_FOUND", "unable to find workflow with the provided instance ID: X");

  it.each([
    ["terminate", NOT_FOUND, unknown],
    ["purge", NOT_FOUND, unknown],
    [
      "purge?force=true",
      { ok: false, code: "PARENT_UNREACHABLE", instanceId: "P" },
      refusal(
        500,
        "ERR_PURGE_WORKFLOW",
        "error purging workflow X: failed to Purge workflow X: its parent 'P' waits for it and cannot be told at the moment, so nothing was " +
          "purged and 'X' goes on. Send the purge again, or purge 'P' with force, which purges its children too",
      ),
    ],
    [
      "raiseEvent/E",
      NOT_FOUND,
      refusal(
        500,
        "ERR_RAISE_EVENT_WORKFLOW",
        "error raising event on workflow 'X': failed to raise event E on workflow X: failed to raise event: no such instance exists",
      ),
    ],
    [
      "pause",
      NOT_FOUND,
      refusal(
        500,
        "ERR_PAUSE_WORKFLOW",
        "error pausing workflow X: failed to pause workflow X: failed to suspend workflow: no such instance exists",
      ),
    ],
    [
      "resume",
      NOT_FOUND,
      refusal(
        500,
        "ERR_RESUME_WORKFLOW",
        "error resuming workflow X: failed to resume workflow X: failed to resume workflow: no such instance exists",
      ),
    ],
    [
      "purge",
      { ok: false, code: "NOT_ENDED", instanceId: "X" },
      refusal(
        500,
        "ERR_PURGE_WORKFLOW",
        "error purging workflow X: failed to Purge workflow X: failed to purge workflow state: orchestration has not yet completed",
      ),
    ],
    [
      "purge",
      { ok: false, code: "NOT_ENDED", instanceId: "X:0001" },
      refusal(
        500,
        "ERR_PURGE_WORKFLOW",
        "error purging workflow X: failed to Purge workflow X: failed to purge workflow state: child workflow 'X:0001': orchestration has not yet completed",
      ),
    ],
  ] as const)("[H41] %s answered %j is Dapr's error, word for word", async (operation, answer, expected) => {
    const api = new Api();
    api.answers.operation = answer;
    expect(await read(await api.send(at(operation)))).toEqual(expected);
  });

  it.each([
    ["pause", '{"reason": 5}'],
    ["resume", '{"reason": null}'],
    ["terminate?nonRecursive=yes", undefined],
    ["terminate?nonRecursive=", undefined],
    ["purge?nonRecursive=TRUE", undefined],
  ])("[H42] %s with body %s is 400 and changes nothing", async (operation, body) => {
    const api = new Api();
    expect(await read(await api.send(at(operation), body))).toMatchObject({
      status: 400,
      body: { errorCode: "ERR_MALFORMED_REQUEST" },
    });
    expect(api.calls).toEqual([]);
  });

  it("[H43] an ID longer than a start allows is served: children have such IDs", async () => {
    const api = new Api();
    const id = `${"a".repeat(64)}:0001:0002`;
    expect((await api.send(`POST /v1.0/workflows/dapr/${id}/terminate`)).status).toBe(202);
    expect(api.calls.map(([, instanceId]) => instanceId)).toEqual([id]);
  });
});
