import type { Given } from "../../model/options.ts";
import { type DaprClientOptions, readConnection } from "../connection-options.ts";
import { type EndpointOptions, resolveEndpoint, sendTo } from "../http-endpoint.ts";
import { DaprState } from "./dapr-state.ts";
import { DaprWorkflow } from "./dapr-workflow.ts";
import { CommunicationProtocolEnum } from "./enums.ts";
import { unavailableObject } from "./not-available.ts";

const SIDECAR_RETRIES = 60;
const SIDECAR_PAUSE_MS = 50;

/**
 * Dapr's general client, as far as workflows and the state of their activities need it. Every other building block is
 * there by its name, and throws a NotAvailableError that says what Cloudflare has in its place.
 */
export class DaprClient {
  readonly options: Partial<DaprClientOptions>;
  readonly workflow: DaprWorkflow;
  readonly state = new DaprState();
  readonly health: { isHealthy(): Promise<boolean> };

  readonly actor = unavailableObject("DaprClient.actor", "Use a Durable Object.");
  readonly binding = unavailableObject("DaprClient.binding", "Call the service from an activity with fetch.");
  readonly configuration = unavailableObject("DaprClient.configuration", "Use variables of the Worker, or Workers KV.");
  readonly crypto = unavailableObject("DaprClient.crypto", "Use WebCrypto: crypto.subtle.");
  readonly invoker = unavailableObject("DaprClient.invoker", "Use a service binding, or fetch.");
  readonly jobs = unavailableObject("DaprClient.jobs", "Start a workflow with a start time, or use a Cron Trigger.");
  readonly lock = unavailableObject("DaprClient.lock", "Use a Durable Object: it does one thing at a time.");
  readonly metadata = unavailableObject("DaprClient.metadata", "Ask GET /v1.0/metadata.");
  readonly proxy = unavailableObject("DaprClient.proxy", "Use a service binding, or fetch.");
  readonly pubsub = unavailableObject("DaprClient.pubsub", "Use Cloudflare Queues.");
  readonly secret = unavailableObject("DaprClient.secret", "Use secrets of the Worker: wrangler secret put.");
  readonly sidecar = unavailableObject("DaprClient.sidecar", "There is no sidecar.");

  /** Throws when the port is no number, as Dapr's does. Without host and port, `options` names none: see resolveEndpoint. */
  constructor(given?: Given<DaprClientOptions> | null) {
    if (given?.daprPort && !/^[0-9]+$/.test(given.daprPort)) throw new Error("DAPR_INCORRECT_SIDECAR_PORT");
    const options = readConnection<DaprClientOptions>(given, "DaprClient");
    const { daprHost, daprPort, daprApiToken } = options;
    this.options = { communicationProtocol: CommunicationProtocolEnum.HTTP, ...options };
    const endpoint: EndpointOptions = { daprHost, daprPort, daprApiToken };
    this.workflow = new DaprWorkflow(endpoint);
    this.health = { isHealthy: () => isHealthy(endpoint) };
  }

  /** Another client of the same options. */
  static create(client: { readonly options: Partial<DaprClientOptions> }): DaprClient {
    return new DaprClient(client.options);
  }

  /** Asks every 50 ms, 61 times at most, then throws. */
  static async awaitSidecarStarted(isStarted: () => Promise<boolean>, _logger?: unknown): Promise<void> {
    for (let asked = 1; !(await isStarted()); asked++) {
      if (asked > SIDECAR_RETRIES) throw new Error("DAPR_SIDECAR_COULD_NOT_BE_STARTED");
      await new Promise((resolve) => setTimeout(resolve, SIDECAR_PAUSE_MS));
    }
  }

  /** Nothing has to be started: there is no connection. */
  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  getIsInitialized(): boolean {
    return true;
  }
}

/** Whether the server answers, asked as Dapr's client asks. Never rejects. */
async function isHealthy(options: EndpointOptions): Promise<boolean> {
  try {
    const endpoint = resolveEndpoint(options);
    const response = await sendTo(endpoint, `${endpoint.url}/v1.0/metadata`, {});
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
}
