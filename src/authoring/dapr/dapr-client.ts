import type { EndpointOptions } from "../http-endpoint.ts";
import { DaprState } from "./dapr-state.ts";
import { DaprWorkflow } from "./dapr-workflow.ts";
import { CommunicationProtocolEnum } from "./enums.ts";
import { unavailableObject } from "./not-available.ts";

/** `daprHost`, `daprPort` and `daprApiToken` say where the workflows are; the rest has no meaning here and is ignored. */
export interface DaprClientOptions {
  daprHost: string;
  daprPort: string;
  communicationProtocol: CommunicationProtocolEnum;
  isKeepAlive?: boolean;
  logger?: unknown;
  actor?: unknown;
  daprApiToken?: string;
  maxBodySizeMb?: number;
}

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

  constructor(options: Partial<DaprClientOptions> = {}) {
    this.options = { communicationProtocol: CommunicationProtocolEnum.HTTP, ...options };
    const { daprHost, daprPort, daprApiToken } = options;
    this.workflow = new DaprWorkflow({ daprHost, daprPort, daprApiToken } satisfies EndpointOptions);
    this.health = { isHealthy: async () => true };
  }

  static create(options: Partial<DaprClientOptions> = {}): DaprClient {
    return new DaprClient(options);
  }

  /** Nothing has to be started: there is no connection. */
  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  getIsInitialized(): boolean {
    return true;
  }
}
