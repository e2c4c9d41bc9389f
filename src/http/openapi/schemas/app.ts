import * as v from "valibot";
import type { Registered, RegisteredWorkflow } from "../../../model/registered.ts";
import { ROLES } from "../../role.ts";
import { count, type Deeply, exactly, may, text } from "./shape.ts";

const nothing = v.array(v.never());

const registeredWorkflow = exactly<RegisteredWorkflow>()(
  v.object({
    name: text,
    versions: v.pipe(v.array(text), v.description("Named ones.")),
    latest: may(v.pipe(text, v.description("What a new instance runs; without it, the one without a version."))),
    unversioned: v.pipe(v.boolean(), v.description("Whether there is one without a version.")),
  }),
);

export const APP_SCHEMAS = {
  Definitions: exactly<Deeply<Registered>>()(
    v.object({ workflows: v.array(registeredWorkflow), activities: v.array(text) }),
  ),
  Metadata: v.object({
    id: text,
    runtimeVersion: text,
    enabledFeatures: nothing,
    actors: nothing,
    components: nothing,
    extended: v.object({ callerName: may(text), callerRole: may(v.picklist(ROLES)), callerPrefix: may(text) }),
    subscriptions: nothing,
    httpEndpoints: nothing,
    workflows: v.object({ connectedWorkers: count, workflows: v.array(text), activities: v.array(text) }),
  }),
};
