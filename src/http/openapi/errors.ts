/*
 * The errors of the API, each with its status and when it comes. An operation names those that it answers with; what every request may be
 * answered stands in COMMON.
 */

export interface ErrorDoc {
  readonly status: 400 | 403 | 404 | 409 | 429 | 500 | 501;
  readonly when: string;
  /** Where it comes with other statuses, too: when, by status. */
  readonly also?: Readonly<Partial<Record<number, string>>>;
}

export const ERRORS = {
  ERR_INSTANCE_ID_TOO_LONG: { status: 400, when: "the instance ID is longer than 64 bytes" },
  ERR_INSTANCE_ID_INVALID: { status: 400, when: "the instance ID has other characters than letters, digits, _ and -" },
  ERR_WORKFLOW_APP_ID_INVALID: { status: 400, when: "`appID` is no name of an app" },
  ERR_BODY_READ: { status: 400, when: "the body is too large, or its connection ended" },
  ERR_MALFORMED_REQUEST: { status: 400, when: "a parameter or the body cannot be read" },
  ERR_WORKFLOW_NOT_REGISTERED: {
    status: 400,
    when: 'the workflow is not registered, and the Worker was made with `unknownWorkflows: "refuse"`',
  },
  ERR_WORKFLOW_UPDATE_REJECTED: { status: 400, when: "there is no such update, or its validator has refused it" },
  ERR_BULK_CONFIRM: {
    status: 400,
    when: "more instances match than `confirm` allows, or more than 1,000 without it, or they cannot be counted",
  },
  ERR_CROSS_ORIGIN: { status: 403, when: "the request comes from a page of another origin that is not allowed" },
  ERR_FORBIDDEN: {
    status: 403,
    when: "the token has not the role that is needed, or is for other instances; the text says which",
  },
  ERR_INSTANCE_ID_NOT_FOUND: { status: 404, when: "there is no such instance" },
  ERR_WORKFLOW_QUERY_NOT_FOUND: { status: 404, when: "the workflow has no such query" },
  ERR_SCHEDULE_NOT_FOUND: { status: 404, when: "there is no such schedule" },
  ERR_SCHEDULE_EXISTS: { status: 409, when: "there is a schedule with this ID" },
  ERR_TOO_MANY_WATCHERS: { status: 429, when: "100 watch the instance already" },
  ERR_BULK_JOB_NOT_FOUND: { status: 404, when: "there is no such job" },
  ERR_START_WORKFLOW: { status: 500, when: "an instance with this ID is running, or the start did not come through" },
  ERR_GET_WORKFLOW: { status: 500, when: "the instance cannot be reached" },
  ERR_TERMINATE_WORKFLOW: { status: 500, when: "the instance is stalled, or cannot be reached" },
  ERR_RAISE_EVENT_WORKFLOW: { status: 500, when: "there is no such instance, it is stalled, or cannot be reached" },
  ERR_PAUSE_WORKFLOW: { status: 500, when: "there is no such instance, it is stalled, or cannot be reached" },
  ERR_RESUME_WORKFLOW: { status: 500, when: "there is no such instance, it is stalled, or cannot be reached" },
  ERR_PURGE_WORKFLOW: { status: 500, when: "the instance has not ended, is stalled, or cannot be reached" },
  ERR_CANCEL_WORKFLOW: { status: 500, when: "the instance is stalled, or cannot be reached" },
  ERR_RERUN_WORKFLOW: {
    status: 500,
    when: "an instance with the new ID is there, or the source cannot be read, was replaced meanwhile, or cannot be reached",
    also: {
      400: "the source has not ended, or is a child; or what is asked for does not fit the event",
      404: "there is no such instance, or it has no such event",
    },
  },
  ERR_RESTART_WORKFLOW: {
    status: 500,
    when: "the instance is stalled, has not left its place to a new run in time, or cannot be reached",
    also: { 400: "the instance is a child" },
  },
  ERR_REWIND_WORKFLOW: {
    status: 500,
    when: "the instance, or its parent, cannot be read or reached",
    also: { 400: "the instance is not FAILED, or its parent has taken its failure" },
  },
  ERR_VERSION_WORKFLOW: {
    status: 500,
    when: "the instance cannot be read or reached",
    also: { 400: "the version is not registered, or the instance has not begun or has ended" },
  },
  ERR_QUERY_WORKFLOW: { status: 500, when: "the query has failed, or the instance cannot answer it now" },
  ERR_UPDATE_WORKFLOW: { status: 500, when: "the update has failed, or the instance takes none" },
  ERR_HISTORY_WORKFLOW: { status: 500, when: "the history cannot be read by this deployment, or not be reached" },
  ERR_LIST_WORKFLOW: { status: 500, when: "`appID` is another app" },
  ERR_CATALOG_WORKFLOW: { status: 500, when: "`appID` is another app, or no instance can be reached" },
  ERR_CATALOG_NOT_CONFIGURED: { status: 501, when: "the Worker has no catalog; the text says what to add" },
  ERR_LIMITS_WORKFLOW: { status: 500, when: "`appID` is another app" },
  ERR_LIMITER_NOT_CONFIGURED: {
    status: 501,
    when: "limits are declared and cannot be reached; the text says what to add",
  },
  ERR_BULK_JOB: { status: 500, when: "`appID` is another app, or an instance or a shard cannot be reached" },
  ERR_SCHEDULE: { status: 500, when: "`appID` is another app, or the schedule cannot be reached" },
  ERR_SCHEDULES_NOT_CONFIGURED: { status: 501, when: "the Worker has no schedules; the text says what to add" },
  ERR_HEALTH_APPID_NOT_MATCH: { status: 500, when: "this is another app" },
  ERR_OUTBOUND_HEALTH_NOT_READY: { status: 500, when: "a binding is missing" },
  ERR_INTERNAL: { status: 500, when: "something inside has failed; the log has more" },
} as const satisfies Record<`ERR_${string}`, ErrorDoc>;

export type ErrorCode = keyof typeof ERRORS;

/** What is said in plain text, as Dapr does: by status. */
export const TEXTS = {
  baggage: { status: 400, when: "the `baggage` header is invalid" },
  escape: { status: 400, when: "the path has a bad escape" },
  token: { status: 401, when: "the token is missing or wrong, or none is set and the host is not localhost" },
} as const;

/** What the checks before an operation answer, and what every operation may: by the part of the API. */
export const COMMON = {
  /** Reads a body, and asks an instance. */
  instance: {
    errors: [
      "ERR_WORKFLOW_APP_ID_INVALID",
      "ERR_BODY_READ",
      "ERR_MALFORMED_REQUEST",
      "ERR_CROSS_ORIGIN",
      "ERR_INTERNAL",
    ],
    texts: ["escape", "baggage", "token"],
  },
  /** Reads no body, and asks the catalog. */
  catalog: {
    errors: ["ERR_WORKFLOW_APP_ID_INVALID", "ERR_MALFORMED_REQUEST", "ERR_CROSS_ORIGIN", "ERR_INTERNAL"],
    texts: ["escape", "baggage", "token"],
  },
  app: { errors: ["ERR_CROSS_ORIGIN", "ERR_INTERNAL"], texts: ["baggage", "token"] },
  probe: { errors: ["ERR_CROSS_ORIGIN"], texts: [] },
} as const satisfies Record<
  string,
  { readonly errors: readonly ErrorCode[]; readonly texts: readonly (keyof typeof TEXTS)[] }
>;
