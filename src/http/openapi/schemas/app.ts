import * as v from "valibot";
import { count, text } from "./shape.ts";

const nothing = v.array(v.never());

export const APP_SCHEMAS = {
  Metadata: v.object({
    id: text,
    runtimeVersion: text,
    enabledFeatures: nothing,
    actors: nothing,
    components: nothing,
    extended: v.object({}),
    subscriptions: nothing,
    httpEndpoints: nothing,
    workflows: v.object({ connectedWorkers: count, workflows: v.array(text), activities: v.array(text) }),
  }),
};
