import type { Docs } from "./operation-doc.ts";

/** Limits across instances. */
export const LIMITS = {
  listLimits: {
    tag: "Limits",
    summary: "See the limits, and who waits for them",
    description: "Every limit that the code declares, with the keys with which most wait.",
    answers: { 200: { when: "The limits.", schema: "LimitList" } },
    errors: ["ERR_LIMITS_WORKFLOW", "ERR_LIMITER_NOT_CONFIGURED"],
    checks: "catalog",
  },
} satisfies Partial<Docs>;
