import { ACCEPTED, type Docs, TO_LOG, WITH_REASON, WITHOUT_FIELD } from "./operation-doc.ts";

/** Dapr's own. */
export const OF_DAPR = {
  startWorkflow: {
    tag: "Workflows",
    summary: "Start an instance",
    needsMore: "with `reuse=terminate` operator",
    description:
      "An ID that has ended is started anew, one that is running is refused, unless `reuse` says otherwise. A workflow that is not registered is accepted, and the instance fails, unless the Worker refuses it.",
    names: WITHOUT_FIELD,
    body: {
      is: "payload",
      when: "The input: parsed as JSON, or the text itself where it is no JSON. With `raiseEvent` a JSON object of `input`, `eventPayload` and `reason`, all of which may be left out.",
    },
    answers: {
      200: { when: "With `waitFor`: the state it is in, as Get has it.", schema: "WorkflowState" },
      202: { when: "The start is on disk.", schema: "WorkflowStarted" },
    },
    errors: [
      "ERR_INSTANCE_ID_TOO_LONG",
      "ERR_INSTANCE_ID_INVALID",
      "ERR_WORKFLOW_NOT_REGISTERED",
      "ERR_INSTANCE_ID_NOT_FOUND",
      "ERR_START_WORKFLOW",
    ],
    checks: "instance",
  },
  getWorkflow: {
    tag: "Workflows",
    summary: "Get the state of an instance",
    description: "Of a PENDING instance Dapr knows neither name nor times nor properties.",
    answers: { 200: { when: "The state; with `detail=full` a WorkflowDetail.", schema: "WorkflowFound" } },
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_GET_WORKFLOW"],
    checks: "instance",
  },
  raiseEvent: {
    tag: "Workflows",
    summary: "Raise an event",
    description: "It may come before the workflow waits for it. Each request counts as one event.",
    names: WITHOUT_FIELD,
    body: { is: "payload", when: "The payload: parsed as JSON, or the text itself where it is no JSON." },
    answers: ACCEPTED,
    errors: ["ERR_RAISE_EVENT_WORKFLOW"],
    checks: "instance",
  },
  pauseWorkflow: {
    tag: "Workflows",
    summary: "Pause an instance",
    description: "Its code does not go on until it is resumed; what comes meanwhile is kept.",
    body: WITH_REASON,
    answers: ACCEPTED,
    errors: ["ERR_PAUSE_WORKFLOW"],
    checks: "instance",
  },
  resumeWorkflow: {
    tag: "Workflows",
    summary: "Resume an instance",
    body: WITH_REASON,
    answers: ACCEPTED,
    errors: ["ERR_RESUME_WORKFLOW"],
    checks: "instance",
  },
  terminateWorkflow: {
    tag: "Workflows",
    summary: "Terminate an instance and its children",
    description: "At once; their code does not run again. One that has ended stays as it is.",
    body: { is: "Termination", when: "The output that the instance is to have, any JSON, and why. Beyond Dapr." },
    answers: ACCEPTED,
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_TERMINATE_WORKFLOW"],
    checks: "instance",
  },
  purgeWorkflow: {
    tag: "Workflows",
    summary: "Remove an instance that has ended, and its children",
    names: TO_LOG,
    body: WITH_REASON,
    answers: ACCEPTED,
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_PURGE_WORKFLOW"],
    checks: "instance",
  },
} satisfies Partial<Docs>;
