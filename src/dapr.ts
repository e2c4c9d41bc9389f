// What a program written for `@dapr/dapr` 3.18.0 gets when that name is resolved to `edge-workflows/dapr`: every name it
// exports. The workflow names are this library's; what has no meaning at the edge throws when it is used.
import { unavailableClass, unavailableObject } from "./authoring/dapr/not-available.ts";

export { DaprClient, type DaprClientOptions } from "./authoring/dapr/dapr-client.ts";
export type { KeyValuePairType, OperationType, StateGetBulkOptions } from "./authoring/dapr/dapr-state.ts";
export {
  CommunicationProtocolEnum,
  DaprPubSubStatusEnum,
  HttpMethod,
  LogLevel,
  StateConcurrencyEnum,
  StateConsistencyEnum,
} from "./authoring/dapr/enums.ts";
export { NotAvailableError } from "./authoring/dapr/not-available.ts";
export * from "./client.ts";

export const DaprServer = unavailableClass(
  "DaprServer",
  "Export a Worker made with createWorker, whose fetch handler serves requests.",
);
export const GRPCClient = unavailableClass("GRPCClient", "Workers have no gRPC: use DaprClient or DaprWorkflowClient.");
export const HTTPClient = unavailableClass("HTTPClient", "Use DaprClient, DaprWorkflowClient, or fetch.");
export const AbstractActor = unavailableClass("AbstractActor", "Write a Durable Object.");
export const ActorId = unavailableClass("ActorId", "Use a Durable Object's name.");
export const ActorProxyBuilder = unavailableClass("ActorProxyBuilder", "Use the namespace of a Durable Object.");
export const Temporal = unavailableObject(
  "Temporal",
  "Give createTimer a Date or seconds, or import a Temporal polyfill.",
);

/** Writes to the console; Dapr's level filters do not exist here. */
export class ConsoleLoggerService implements LoggerService {
  error(message: unknown, ...more: unknown[]): void {
    console.error(message, ...more);
  }
  warn(message: unknown, ...more: unknown[]): void {
    console.warn(message, ...more);
  }
  info(message: unknown, ...more: unknown[]): void {
    console.info(message, ...more);
  }
  verbose(message: unknown, ...more: unknown[]): void {
    console.debug(message, ...more);
  }
  debug(message: unknown, ...more: unknown[]): void {
    console.debug(message, ...more);
  }
}

export interface LoggerService {
  error(message: unknown, ...more: unknown[]): void;
  warn(message: unknown, ...more: unknown[]): void;
  info(message: unknown, ...more: unknown[]): void;
  verbose(message: unknown, ...more: unknown[]): void;
  debug(message: unknown, ...more: unknown[]): void;
}
export interface LoggerOptions {
  level?: number;
  service?: LoggerService;
}

// Types of building blocks that are not here: programs that only name them compile.
export type DaprInvokerCallbackContent = Record<string, unknown>;
export type TypeDaprInvokerCallback = (data: DaprInvokerCallbackContent) => Promise<unknown>;
export type InvokerOptions = Record<string, unknown>;
export type PubSubBulkPublishMessage = unknown;
export type PubSubBulkPublishResponse = Record<string, unknown>;
