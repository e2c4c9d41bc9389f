import { ACCEPTED, type Docs, WITH_REASON } from "./operation-doc.ts";

/** What changes an instance, beyond Dapr. */
export const REPAIRS = {
  cancelWorkflow: {
    tag: "Beyond Dapr",
    summary: "Ask an instance and its children to end",
    description: "Their code gets an error where it waits, and may clean up.",
    body: WITH_REASON,
    answers: ACCEPTED,
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_CANCEL_WORKFLOW"],
    checks: "instance",
  },
  rerunWorkflow: {
    tag: "Beyond Dapr",
    summary: "Rerun an instance that has ended",
    description:
      "A new instance takes over what this one has done before an event of its history, and goes on from there: an activity, a timer or a child is called again. Dapr has it over gRPC.",
    body: { is: "Rerun", when: "From where, and what is to be different." },
    answers: { 202: { when: "The new instance is on disk.", schema: "WorkflowStarted" } },
    errors: ["ERR_INSTANCE_ID_TOO_LONG", "ERR_INSTANCE_ID_INVALID", "ERR_RERUN_WORKFLOW"],
    checks: "instance",
  },
  restartWorkflow: {
    tag: "Beyond Dapr",
    summary: "Restart an instance",
    description:
      "The same ID, workflow, input, search attributes and retention, on the latest version. What runs is terminated with its children, and the answer comes once the new run is on disk. A child is not restarted.",
    body: WITH_REASON,
    answers: ACCEPTED,
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_RESTART_WORKFLOW"],
    checks: "instance",
  },
  rewindWorkflow: {
    tag: "Beyond Dapr",
    summary: "Rewind a failed instance",
    description:
      "It goes on from the place at which its code has failed: the call that has failed is made again, what has succeeded stays, and a failed child is rewound with it. The answer comes once that is on disk.",
    body: WITH_REASON,
    answers: ACCEPTED,
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_REWIND_WORKFLOW"],
    checks: "instance",
  },
  changeVersion: {
    tag: "Beyond Dapr",
    summary: "Put an instance on another version of its workflow",
    description:
      "It is replayed with the code of this version, and goes on with it; where that does not fit, it stalls. A stalled instance can be put on another version, too.",
    body: { is: "NewVersion", when: "The version, and why.", isRequired: true },
    answers: ACCEPTED,
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_VERSION_WORKFLOW"],
    checks: "instance",
  },
} satisfies Partial<Docs>;
