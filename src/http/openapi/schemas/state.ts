import * as v from "valibot";
import {
  count,
  failureDetails,
  may,
  parent,
  payload,
  runtimeStatus,
  searchAttributes,
  text,
  time,
  whole,
} from "./shape.ts";
import { branch, branches, standing } from "./standing.ts";

const failureProperties = {
  "dapr.workflow.failure.error_type": may(text),
  "dapr.workflow.failure.error_message": may(text),
};
const stateProperties = {
  "dapr.workflow.input": may(payload),
  "dapr.workflow.output": may(payload),
  "dapr.workflow.custom_status": text,
  ...failureProperties,
};

const workflowState = v.object({
  instanceID: text,
  workflowName: may(text),
  createdAt: time,
  lastUpdatedAt: time,
  runtimeStatus,
  properties: may(v.object({ ...stateProperties, "dapr.workflow.failure.stack_trace": may(text) })),
  failure: may(failureDetails),
});

const attempt = {
  branch,
  status: v.picklist(["running", "retrying"]),
  attempt: v.pipe(whole, v.description("The one that runs, or that has failed last.")),
  lastFailure: may(v.object({ errorType: text, message: text })),
  nextAttemptAt: may(time),
};
const texts = v.array(text);

/** What `detail=full` adds to the state. */
const workflowDetail = v.object({
  ...workflowState.entries,
  customStatus: may(text),
  searchAttributes: may(searchAttributes),
  retention: may(v.pipe(text, v.description("That of its start, as a Go duration."))),
  version: may(text),
  executionId: text,
  generation: count,
  startTime: may(time),
  endedAt: may(time),
  parentInstanceID: may(text),
  parent: may(parent),
  actor: may(v.pipe(text, v.description("Who has asked for this execution: the name of the token."))),
  waitingFor: may(standing.waitingFor),
  retrying: may(standing.retrying),
  branches,
  pendingActivities: v.array(v.object({ id: whole, name: text, scheduledAt: time, ...attempt })),
  openTimers: v.array(v.object({ id: whole, branch, createdAt: time, fireAt: time })),
  openChildren: v.array(v.object({ id: whole, workflowName: text, instanceID: text, createdAt: time, ...attempt })),
  awaitedEvents: may(texts),
  awaitsCondition: may(v.boolean()),
  bufferedEvents: may(v.array(v.object({ name: text, count }))),
  queries: may(texts),
  updates: may(texts),
  limits: may(
    v.pipe(
      v.array(
        v.object({
          limit: text,
          key: text,
          activity: may(v.object({ id: whole, name: text })),
          position: may(v.pipe(count, v.description("In the queue of its key, from 1."))),
          ahead: may(v.pipe(count, v.description("So many come before it, of all keys, as they wait now."))),
          waitingSince: may(time),
        }),
      ),
      v.description("What waits for a limit: the workflow, or the runs of its activities that are named."),
    ),
  ),
  more: may(
    v.pipe(v.record(text, count), v.description("How many there are of each list that is cut, at 1,000 entries.")),
  ),
  sizes: may(
    v.object({
      historyEvents: count,
      historyBytes: v.pipe(count, v.description("Of the texts of the history, as they are stored.")),
      inputBytes: may(count),
      outputBytes: may(count),
      databaseBytes: may(count),
    }),
  ),
  stall: may(v.object({ reason: text, message: text })),
  nextDueAt: may(time),
  past: may(
    v.pipe(
      v.object({
        events: count,
        customStatus: may(text),
        awaitedEvents: texts,
        awaitsCondition: v.boolean(),
        bufferedEvents: v.array(v.object({ name: text, count })),
        openTimers: v.array(whole),
        branches,
        stall: may(v.object({ reason: text, message: text })),
      }),
      v.description("With `at`: where the code of today stood after so many events."),
    ),
  ),
});

const seedInstance = v.object({ instance_id: text });

const seedWorkflowState = v.object({
  WFInfo: seedInstance,
  start_time: time,
  metadata: v.object({
    status: v.picklist(["Pending", "Running", "Suspended", "Stalled", "Completed", "Failed", "Canceled", "Terminated"]),
    task_queue: text,
    "dapr.workflow.name": text,
    "dapr.workflow.runtime_status": runtimeStatus,
    "dapr.workflow.last_updated": time,
    ...stateProperties,
  }),
});

/** One instance: its state, and what else there is to tell of it. */
export const STATE_SCHEMAS = {
  WorkflowState: workflowState,
  WorkflowDetail: workflowDetail,
  WorkflowFound: v.union([workflowState, workflowDetail]),
  RuntimeStatus: runtimeStatus,
  FailureDetails: failureDetails,
  SeedWorkflowState: seedWorkflowState,
};
