import * as v from "valibot";
import { may, text } from "./shape.ts";

/** What a list shows of where an instance stands, and its description with it. */
export const standing = {
  waitingFor: v.pipe(
    v.string(),
    v.description(
      "`event:NAME`, `timer:TIME`, `activity:NAME`, `child:ID`, `condition`, `limit:NAME` or `start:TIME`.",
    ),
  ),
  retrying: v.pipe(v.boolean(), v.description("An activity has failed and will be tried again.")),
};

/** Of a call. */
export const branch = may(v.pipe(text, v.description("The name of the branch that has called it.")));

/** Those that are not over, in the order in which they were made. */
export const branches = may(
  v.pipe(
    v.array(
      v.object({
        name: text,
        waitingFor: may(standing.waitingFor),
        ending: may(
          v.pipe(v.literal(true), v.description("It was called off, and goes on with what it has in `finally`.")),
        ),
      }),
    ),
    v.description("Branches that are not over, in the order in which they were made, and what each waits for."),
  ),
);
