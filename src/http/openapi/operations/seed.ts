import { type Docs, WITHOUT_FIELD } from "./operation-doc.ts";

/** In the form of the first version. */
export const SEED = {
  startSeedWorkflow: {
    tag: "Earlier versions",
    summary: "Start an instance, in the form of the first version",
    names: WITHOUT_FIELD,
    body: { is: "SeedInput", when: "The input, any JSON.", isRequired: true },
    answers: { 202: { when: "The start is on disk.", schema: "SeedStarted" } },
    errors: [
      "ERR_INSTANCE_ID_TOO_LONG",
      "ERR_INSTANCE_ID_INVALID",
      "ERR_WORKFLOW_NOT_REGISTERED",
      "ERR_START_WORKFLOW",
    ],
    checks: "instance",
  },
  getSeedWorkflow: {
    tag: "Earlier versions",
    summary: "Get the state of an instance, in the form of the first version",
    description: "An instance of another workflow is not found.",
    answers: { 202: { when: "The state.", schema: "SeedWorkflowState" } },
    errors: ["ERR_INSTANCE_ID_NOT_FOUND", "ERR_GET_WORKFLOW"],
    checks: "instance",
  },
} satisfies Partial<Docs>;
