// Written for @dapr/dapr: names everything it exports, as programs do that use more of it than workflows. Only compiled:
// most of it would throw.
import {
  AbstractActor,
  ActorId,
  ActorProxyBuilder,
  CommunicationProtocolEnum,
  ConsoleLoggerService,
  DaprClient,
  type DaprClientOptions,
  type DaprInvokerCallbackContent,
  DaprPubSubStatusEnum,
  DaprServer,
  DaprWorkflowClient,
  fromOrchestrationStatus,
  GRPCClient,
  HTTPClient,
  HttpMethod,
  type InvokerOptions,
  type LoggerOptions,
  type LoggerService,
  LogLevel,
  type PubSubBulkPublishMessage,
  type PubSubBulkPublishResponse,
  StateConcurrencyEnum,
  StateConsistencyEnum,
  type StateGetBulkOptions,
  Task,
  Temporal,
  type TWorkflow,
  type TypeDaprInvokerCallback,
  toOrchestrationStatus,
  WorkflowActivityContext,
  WorkflowContext,
  WorkflowFailureDetails,
  WorkflowRuntime,
  WorkflowRuntimeStatus,
  WorkflowState,
} from "@dapr/dapr";

interface Counter {
  count(by: number): Promise<number>;
}
class CounterActor extends AbstractActor implements Counter {
  async count(by: number): Promise<number> {
    const [known, value] = await this.getStateManager().tryGetState("n");
    await this.registerActorTimer("t", "count", Temporal.Duration.from({ seconds: 1 }) as Temporal.Duration);
    return (known ? value : 0) + by;
  }
}

class Prefixed implements LoggerService {
  readonly #inner: ConsoleLoggerService = new ConsoleLoggerService();
  error = (message: any, ...more: any[]) => this.#inner.error(`> ${message}`, ...more);
  warn = (message: any, ...more: any[]) => this.#inner.warn(`> ${message}`, ...more);
  info = (message: any, ...more: any[]) => this.#inner.info(`> ${message}`, ...more);
  verbose = (message: any, ...more: any[]) => this.#inner.verbose(`> ${message}`, ...more);
  debug = (message: any, ...more: any[]) => this.#inner.debug(`> ${message}`, ...more);
}

export class App {
  readonly #logger: LoggerOptions = { level: LogLevel.Verbose, service: new Prefixed() };
  readonly #options: Partial<DaprClientOptions> = {
    daprHost: "localhost",
    communicationProtocol: CommunicationProtocolEnum.HTTP,
    logger: this.#logger,
    maxBodySizeMb: 8,
  };
  readonly client: DaprClient = new DaprClient(this.#options);
  readonly workflows: DaprWorkflowClient = new DaprWorkflowClient({ daprHost: "localhost", logger: this.#logger });
  readonly runtime: WorkflowRuntime = new WorkflowRuntime(this.#options);
  readonly flow: TWorkflow = async function* (ctx: WorkflowContext): any {
    const task: Task<any> = ctx.callActivity((_: WorkflowActivityContext) => 1);
    return (yield task) instanceof Task;
  };
  server: DaprServer | undefined;

  async serve(): Promise<void> {
    const server: DaprServer = new DaprServer({ serverHost: "localhost", clientOptions: this.#options });
    const onCall: TypeDaprInvokerCallback = async ({ body, query, metadata }: DaprInvokerCallbackContent) =>
      [JSON.parse(body ?? "{}").n, query, metadata?.contentType].join();
    await server.invoker.listen("hello", onCall, { method: HttpMethod.POST });
    await server.pubsub.subscribe("pubsub", "topic", async (_data: any) => DaprPubSubStatusEnum.SUCCESS);
    server.actor.registerActor(CounterActor);
    await server.start();
    this.server = server;
  }

  async actors(): Promise<number> {
    const builder: ActorProxyBuilder<Counter> = new ActorProxyBuilder<Counter>(CounterActor, this.client);
    const id: ActorId = ActorId.createRandomId();
    return builder.build(id).count(1);
  }

  async others(): Promise<unknown[]> {
    const headers: InvokerOptions = { headers: { "x-trace": "1" } };
    const messages: PubSubBulkPublishMessage[] = ["text", { n: 1 }, { event: "e", contentType: "text/plain" }];
    const answer: PubSubBulkPublishResponse = await this.client.pubsub.publishBulk("pubsub", "topic", messages);
    const options: StateGetBulkOptions = { parallelism: 10, metadata: { ttl: "1" } };
    return [
      answer.failedMessages.map(({ message, error }) => [message.entryID, error.message]),
      await this.client.invoker.invoke("app", "method", HttpMethod.GET, undefined, headers),
      await this.client.state.getBulk("store", ["a"], options),
      await this.client.state.get("store", "a", { consistency: StateConsistencyEnum.CONSISTENCY_STRONG }),
      await this.client.state.save("store", [
        {
          key: "a",
          value: 1,
          options: {
            concurrency: StateConcurrencyEnum.CONCURRENCY_FIRST_WRITE,
            consistency: StateConsistencyEnum.CONSISTENCY_UNSPECIFIED,
          },
        },
      ]),
      new GRPCClient(this.#options) as GRPCClient,
      new HTTPClient(this.#options) as HTTPClient,
    ];
  }

  tell(state: WorkflowState | undefined): string {
    if (state === undefined) return "there is none";
    const failure: WorkflowFailureDetails | undefined = state.workflowFailureDetails;
    const status: WorkflowRuntimeStatus = fromOrchestrationStatus(toOrchestrationStatus(state.runtimeStatus));
    if (status === WorkflowRuntimeStatus.FAILED) return failure?.getErrorMessage() ?? "failed";
    return `${state.name} ${state.instanceId} ${state.createdAt.toISOString()} ${state.serializedOutput ?? ""}`;
  }
}

/** What a program may ask of the classes at run time. */
export function kindOf(value: unknown): string {
  if (value instanceof WorkflowContext || value instanceof WorkflowActivityContext) return "context";
  if (value instanceof WorkflowState || value instanceof WorkflowFailureDetails) return "state";
  return "something else";
}
