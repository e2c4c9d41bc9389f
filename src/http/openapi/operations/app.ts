import type { Docs } from "./operation-doc.ts";

/** Health, and what is registered. */
export const OF_THE_APP = {
  getHealth: {
    tag: "App",
    summary: "Ask whether the Worker answers",
    answers: { 204: { when: "It does." } },
    errors: ["ERR_HEALTH_APPID_NOT_MATCH"],
    checks: "probe",
  },
  getOutboundHealth: {
    tag: "App",
    summary: "Ask whether the Worker has its bindings",
    description: "Asks no instance.",
    answers: { 204: { when: "It has." } },
    errors: ["ERR_OUTBOUND_HEALTH_NOT_READY"],
    checks: "probe",
  },
  listDefinitions: {
    tag: "App",
    summary: "See what is registered, with versions",
    description:
      "Which workflows the code of this deployment has, in which versions, and which activities. Beyond Dapr.",
    answers: { 200: { when: "What is registered.", schema: "Definitions" } },
    errors: ["ERR_LIST_WORKFLOW"],
    checks: "catalog",
  },
  getMetadata: {
    tag: "App",
    summary: "See what is registered",
    answers: { 200: { when: "Dapr's fields, most of them empty, and the names.", schema: "Metadata" } },
    errors: [],
    checks: "app",
  },
} satisfies Partial<Docs>;
