import * as v from "valibot";

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
