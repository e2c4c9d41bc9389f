import * as v from "valibot";
import type { ListedLimit, ListedQueue } from "../../../limits/overview.ts";
import { count, type Deeply, exactly, may, type Schema, text, time } from "./shape.ts";

const queue = exactly<Deeply<ListedQueue>>()(
  v.object({ key: text, running: count, waiting: count, oldestWaitingSince: time }),
);

const limit = exactly<Deeply<ListedLimit>>()(
  v.object({
    name: text,
    workflow: may(v.pipe(text, v.description("Whose instances are limited."))),
    activity: may(v.pipe(text, v.description("Whose runs are limited."))),
    concurrency: may(count),
    concurrencyPerKey: may(count),
    rate: may(v.pipe(text, v.description("Such as `100/m`."))),
    parts: may(v.pipe(count, v.description("Over so many objects its keys are spread, where that is more than one."))),
    running: count,
    waiting: count,
    waitingKeys: v.pipe(v.number(), v.integer(), v.description("With how many keys something waits.")),
    waitingByKey: v.pipe(v.array(queue), v.description("The keys with which most wait.")),
    oldestWaitingSince: may(time),
    missingParts: may(v.pipe(v.number(), v.integer(), v.description("So many parts have not answered."))),
  }),
);

/** Limits across instances. */
export const LIMIT_SCHEMAS = {
  LimitList: v.object({ limits: v.array(limit) }),
} satisfies Record<string, Schema>;
