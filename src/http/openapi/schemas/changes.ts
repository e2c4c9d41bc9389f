import * as v from "valibot";
import { NEW_VERSION, RERUN, reason } from "../../bodies.ts";
import { may, text } from "./shape.ts";

/** What changes an instance: what is sent, and what comes back. */
export const CHANGE_SCHEMAS = {
  WorkflowStarted: v.object({ instanceID: text }),
  Accepted: v.object({}),
  UpdateAccepted: v.object({ updateID: text }),
  Rerun: RERUN,
  Reason: v.object({ reason: may(reason) }),
  NewVersion: NEW_VERSION,
  Termination: v.object({ output: may(v.unknown()), reason: may(reason) }),
  SeedInput: v.object({ input: may(v.unknown()) }),
  SeedStarted: v.object({ WFInfo: v.object({ instance_id: text }) }),
};
