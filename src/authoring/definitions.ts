import type { Registered } from "../model/registered.ts";
import { type Answer, bodyOf } from "./workflow-api.ts";

export type { RegisteredWorkflow } from "../model/registered.ts";

/** What the server's code has registered. */
export type Definitions = Registered;

export function definitionsOf(answer: Answer): Definitions {
  return bodyOf(answer, "list of definitions", ({ workflows }) => Array.isArray(workflows)) as Definitions;
}
