import { type Docs, WITHOUT_FIELD } from "./operation-doc.ts";

/** What an instance and its code can be asked, beyond Dapr. */
export const READING = {
  queryWorkflow: {
    tag: "Beyond Dapr",
    summary: "Ask a workflow's code",
    description: "Changes nothing. An instance that has ended can be asked, too.",
    names: { name: "The name of the query." },
    answers: { 200: { when: "The result.", schema: "anything" } },
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_WORKFLOW_QUERY_NOT_FOUND", "ERR_QUERY_WORKFLOW"],
    checks: "instance",
  },
  updateWorkflow: {
    tag: "Beyond Dapr",
    summary: "Change a workflow, and hear the result",
    names: { name: "The name of the update.", ...WITHOUT_FIELD },
    body: { is: "payload", when: "The input: parsed as JSON, or the text itself where it is no JSON." },
    answers: {
      200: { when: "The result.", schema: "anything" },
      202: {
        when: "It is on disk and has not ended in time. The same request with this `updateID` hears the result.",
        schema: "UpdateAccepted",
      },
    },
    errors: ["ERR_WORKFLOW_UPDATE_REJECTED", "ERR_INSTANCE_ID_NOT_FOUND", "ERR_UPDATE_WORKFLOW"],
    checks: "instance",
  },
  getHistory: {
    tag: "Beyond Dapr",
    summary: "Read the history of the current execution",
    description:
      "From either end, of some types, with a text. A token names its execution: once the instance has continued as new, it is refused (400).",
    names: {
      order: "`desc`: from the end. Default: `asc`.",
      pageSize: "The same as `limit`, by the name that lists have.",
    },
    answers: {
      200: {
        when: "A page of events; with `format=jsonl` a line that names the instance, and a line for each event.",
        schema: "History",
        hasLines: true,
      },
    },
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_HISTORY_WORKFLOW"],
    checks: "instance",
  },
  getTimeline: {
    tag: "Beyond Dapr",
    summary: "See the current execution as bars",
    description:
      "A bar for each turn, activity and child with all its attempts, timer, event, update, pause and stall, in the order in which they begin.",
    names: { limit: "How many bars at most, or one more.", order: "`desc`: from the end. Default: `asc`." },
    answers: { 200: { when: "A page of bars.", schema: "Timeline" } },
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_HISTORY_WORKFLOW"],
    checks: "instance",
  },
  getEvents: {
    tag: "Beyond Dapr",
    summary: "Watch an instance: the events of its history, as they happen",
    description:
      "Server-Sent Events. `history`: one event of the history, in the form of Read the history; its `id` is `<executionId>.<position>`. `execution`: another execution begins, and is read from its first event on: `executionId`, `generation`. `end`: the instance has ended, `runtimeStatus`; `gone`: it was purged; the stream ends after either. It may end at other times, too: ask again, with the last `id`. A comment comes every 15 seconds.",
    answers: { 200: { when: "The stream.", schema: "events" } },
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_TOO_MANY_WATCHERS", "ERR_HISTORY_WORKFLOW"],
    checks: "instance",
  },
} satisfies Partial<Docs>;
