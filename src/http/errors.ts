import { didYouMean, listNames } from "../model/near-name.ts";

/**
 * Every answer that is not a success, with Dapr's code and Dapr's words (Dapr HEAD pkg/messages/predefined.go). Handlers
 * throw them; the handler of the whole request turns them into a Response.
 *
 * Three errors of Dapr's table are missing because no URL reaches them, there or here: empty workflow names, instance
 * IDs and event names vanish when double slashes are joined, so such a request matches another route or none.
 */
export class HttpError extends Error {
  readonly status: number;
  /** Sent as JSON when it is an object and as plain text when it is a string. */
  readonly body: string | { readonly errorCode: string; readonly message: string };

  constructor(status: number, body: string | { readonly errorCode: string; readonly message: string }) {
    super(typeof body === "string" ? body : body.message);
    this.status = status;
    this.body = body;
  }
}

/** The operations, Dapr's seven and ours, each with an error of its own for what fails inside (500). */
export type Operation =
  | "start"
  | "get"
  | "terminate"
  | "raiseEvent"
  | "pause"
  | "resume"
  | "purge"
  | "cancel"
  | "query"
  | "update"
  | "rerun"
  | "restart"
  | "rewind"
  | "version"
  | "history"
  | "list"
  | "catalog"
  | "limits"
  | "job"
  | "schedule";

/** `subject` is the workflow's name for a start, the instance's ID otherwise, and nothing where all are meant. The quotes are Dapr's: three have none. */
const OPERATION_FAILED: Record<Operation, { errorCode: string; text: (subject: string) => string }> = {
  start: { errorCode: "ERR_START_WORKFLOW", text: (name) => `error starting workflow '${name}'` },
  get: { errorCode: "ERR_GET_WORKFLOW", text: (id) => `error while getting workflow info on instance '${id}'` },
  terminate: { errorCode: "ERR_TERMINATE_WORKFLOW", text: (id) => `error terminating workflow '${id}'` },
  raiseEvent: { errorCode: "ERR_RAISE_EVENT_WORKFLOW", text: (id) => `error raising event on workflow '${id}'` },
  pause: { errorCode: "ERR_PAUSE_WORKFLOW", text: (id) => `error pausing workflow ${id}` },
  resume: { errorCode: "ERR_RESUME_WORKFLOW", text: (id) => `error resuming workflow ${id}` },
  cancel: { errorCode: "ERR_CANCEL_WORKFLOW", text: (id) => `error canceling workflow '${id}'` },
  query: { errorCode: "ERR_QUERY_WORKFLOW", text: (id) => `error querying workflow '${id}'` },
  update: { errorCode: "ERR_UPDATE_WORKFLOW", text: (id) => `error updating workflow '${id}'` },
  rerun: { errorCode: "ERR_RERUN_WORKFLOW", text: (id) => `error rerunning workflow '${id}'` },
  restart: { errorCode: "ERR_RESTART_WORKFLOW", text: (id) => `error restarting workflow '${id}'` },
  rewind: { errorCode: "ERR_REWIND_WORKFLOW", text: (id) => `error rewinding workflow '${id}'` },
  version: { errorCode: "ERR_VERSION_WORKFLOW", text: (id) => `error changing the version of workflow '${id}'` },
  history: { errorCode: "ERR_HISTORY_WORKFLOW", text: (id) => `error reading the history of workflow '${id}'` },
  list: { errorCode: "ERR_LIST_WORKFLOW", text: () => "error listing workflows" },
  catalog: { errorCode: "ERR_CATALOG_WORKFLOW", text: () => "error asking the catalog of workflows" },
  limits: { errorCode: "ERR_LIMITS_WORKFLOW", text: () => "error asking the limits of workflows" },
  job: { errorCode: "ERR_BULK_JOB", text: (id) => `error in bulk job${id && ` '${id}'`}` },
  schedule: { errorCode: "ERR_SCHEDULE", text: (id) => `error in schedule${id && ` '${id}'`}` },
  purge: { errorCode: "ERR_PURGE_WORKFLOW", text: (id) => `error purging workflow ${id}` },
};

export function operationFailed(operation: Operation, subject: string, reason: string): HttpError {
  const { errorCode, text } = OPERATION_FAILED[operation];
  return new HttpError(500, { errorCode, message: `${text(subject)}: ${reason}` });
}

export function tooManyWatchers(instanceId: string, most: number): HttpError {
  return new HttpError(429, {
    errorCode: "ERR_TOO_MANY_WATCHERS",
    message: `instance '${instanceId}' is watched by ${most} already, which is the most`,
  });
}

/** It is for the caller to ask for something else. */
export function operationRefused(operation: Operation, subject: string, reason: string): HttpError {
  return new HttpError(400, operationFailed(operation, subject, reason).body);
}

export function instanceIdTooLong(maxBytes: number): HttpError {
  return new HttpError(400, {
    errorCode: "ERR_INSTANCE_ID_TOO_LONG",
    message: `workflow instance ID exceeds the max length of ${maxBytes} characters`,
  });
}

export function instanceIdInvalid(instanceId: string): HttpError {
  return new HttpError(400, {
    errorCode: "ERR_INSTANCE_ID_INVALID",
    message: `workflow instance ID '${instanceId}' is invalid: only alphanumeric and underscore characters are allowed`,
  });
}

export function instanceNotFound(instanceId: string): HttpError {
  return new HttpError(404, {
    errorCode: "ERR_INSTANCE_ID_NOT_FOUND",
    message: `unable to find workflow with the provided instance ID: ${instanceId}`,
  });
}

export function appIdInvalid(appId: string): HttpError {
  return new HttpError(400, {
    errorCode: "ERR_WORKFLOW_APP_ID_INVALID",
    message: `workflow app ID '${appId}' is invalid: only alphanumeric, dash and underscore characters are allowed`,
  });
}

export function bodyUnreadable(reason: string): HttpError {
  return new HttpError(400, { errorCode: "ERR_BODY_READ", message: `failed to read request body: ${reason}` });
}

export function bodyMalformed(reason: string): HttpError {
  return malformed(`failed deserializing HTTP body: ${reason}`);
}

/** For a malformed query parameter. Dapr has none of ours, so the words are ours too. */
export function malformed(message: string): HttpError {
  return new HttpError(400, { errorCode: "ERR_MALFORMED_REQUEST", message });
}

/** `message` says what to add. */
export function catalogNotConfigured(message: string): HttpError {
  return new HttpError(501, { errorCode: "ERR_CATALOG_NOT_CONFIGURED", message });
}

/** `message` says what to add. */
export function limiterNotConfigured(message: string): HttpError {
  return new HttpError(501, { errorCode: "ERR_LIMITER_NOT_CONFIGURED", message });
}

export function jobNotFound(jobId: string): HttpError {
  return new HttpError(404, {
    errorCode: "ERR_BULK_JOB_NOT_FOUND",
    message: `unable to find bulk job with the provided ID: ${jobId}`,
  });
}

export function jobNotConfirmed(message: string): HttpError {
  return new HttpError(400, { errorCode: "ERR_BULK_CONFIRM", message });
}

/** `message` says what to add. */
export function schedulesNotConfigured(message: string): HttpError {
  return new HttpError(501, { errorCode: "ERR_SCHEDULES_NOT_CONFIGURED", message });
}

export function scheduleNotFound(scheduleId: string): HttpError {
  return new HttpError(404, {
    errorCode: "ERR_SCHEDULE_NOT_FOUND",
    message: `unable to find schedule with the provided ID: ${scheduleId}`,
  });
}

export function scheduleExists(scheduleId: string): HttpError {
  return new HttpError(409, {
    errorCode: "ERR_SCHEDULE_EXISTS",
    message: `a schedule with ID '${scheduleId}' already exists: PATCH changes it, PUT replaces it`,
  });
}

/** An unmatched route or a wrong method: a Dapr sidecar takes any such request for a service invocation. */
export function noSuchRoute(): HttpError {
  return new HttpError(404, {
    errorCode: "ERR_DIRECT_INVOKE",
    message: "failed getting app id either from the URL path or the header dapr-app-id",
  });
}

export function healthAppIdMismatch(): HttpError {
  return new HttpError(500, { errorCode: "ERR_HEALTH_APPID_NOT_MATCH", message: "dapr app-id does not match" });
}

export function internalError(traceId: string): HttpError {
  return new HttpError(500, {
    errorCode: "ERR_INTERNAL",
    message: `an error inside edge-workflows; whether the request took effect is unknown. The log has more under trace ID ${traceId}`,
  });
}

export function crossOrigin(found: string): HttpError {
  return new HttpError(403, {
    errorCode: "ERR_CROSS_ORIGIN",
    message: `the request comes from a page of another origin: ${found}. To let pages of that origin in, name it in createWorker(…, { allowedOrigins: ["https://…"] })`,
  });
}

/** It is known who asks, and they may not. */
export function forbidden(message: string): HttpError {
  return new HttpError(403, { errorCode: "ERR_FORBIDDEN", message });
}

/** Only when `createWorker` was told to; Dapr accepts the start, and the instance fails. */
export function workflowNotRegistered(name: string, registered: readonly string[]): HttpError {
  const known = registered.length === 0 ? "none" : listNames(registered, name);
  return new HttpError(400, {
    errorCode: "ERR_WORKFLOW_NOT_REGISTERED",
    message: `workflow '${name}' is not registered${didYouMean(name, registered) || "."} Registered: ${known}`,
  });
}

export function outboundNotReady(reason: string): HttpError {
  return new HttpError(500, {
    errorCode: "ERR_OUTBOUND_HEALTH_NOT_READY",
    message: `dapr outbound is not ready: ${reason}`,
  });
}

export function badEscape(param: string): HttpError {
  return new HttpError(
    400,
    `the ${param} in the URL path has a bad escape: a % is written %25, and escaped bytes are UTF-8`,
  );
}

export function badBaggage(): HttpError {
  return new HttpError(400, "invalid baggage header");
}

export function unauthorized(message: string): HttpError {
  return new HttpError(401, message);
}
