import type { Given } from "../model/options.ts";
import { connect } from "./client/connection.ts";
import { ClientSchedules } from "./client/schedules.ts";
import type { WorkflowClientOptions } from "./connection-options.ts";

/**
 * Starts and manages instances (Dapr JS: DaprWorkflowClient), over the HTTP API: from Node, a browser or another
 * Worker with `daprHost`, `daprPort` and `daprApiToken`; inside the Worker that holds the workflows, without options or with a loopback
 * address (there is no sidecar). docs/client.md has every method.
 *
 * Methods reject with WorkflowApiError when the server refuses, and with what `fetch` throws when it is not reached. What
 * only reads (state, waits, history, queries) is asked again when its connection is lost; what changes something is sent once.
 *
 * The methods stand in `client/`, a file for each subject. Each is a class that has the one before as its base, so that all of them are
 * methods of this class, with their types and what editors show of them.
 */
export class DaprWorkflowClient extends ClientSchedules {
  constructor(options?: Given<WorkflowClientOptions> | null) {
    super(connect(options));
  }

  /** Nothing has to be stopped: there is no connection. */
  async stop(): Promise<void> {}
}
