// What a program written for `@dapr/dapr` 3.18.0 gets when that name is resolved to `edge-workflows/dapr`: every name it
// exports. The workflow names are this library's; what has no meaning at the edge throws when it is used.
import { unavailableClass, unavailableObject } from "./authoring/dapr/not-available.ts";

export type { DaprClientOptions } from "./authoring/connection-options.ts";
export { DaprClient } from "./authoring/dapr/dapr-client.ts";
export type { KeyValuePairType, OperationType, StateGetBulkOptions } from "./authoring/dapr/dapr-options.ts";
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

// Each is a class to programs, which name it as a type too.
// biome-ignore-start lint/suspicious/noExplicitAny: nothing of these types can exist
export const DaprServer = unavailableClass(
  "DaprServer",
  "Export a Worker made with createWorker, whose fetch handler serves requests.",
);
export type DaprServer = any;
export const GRPCClient = unavailableClass("GRPCClient", "Workers have no gRPC: use DaprClient or DaprWorkflowClient.");
export type GRPCClient = any;
export const HTTPClient = unavailableClass("HTTPClient", "Use DaprClient, DaprWorkflowClient, or fetch.");
export type HTTPClient = any;
export const AbstractActor = unavailableClass("AbstractActor", "Write a Durable Object.");
export type AbstractActor = any;
export const ActorId = unavailableClass("ActorId", "Use a Durable Object's name.");
export type ActorId = any;
export const ActorProxyBuilder = unavailableClass("ActorProxyBuilder", "Use the namespace of a Durable Object.");
export type ActorProxyBuilder<_T = any> = any;
export const Temporal = unavailableObject(
  "Temporal",
  "Give createTimer a Date or seconds, or import a Temporal polyfill.",
);
export declare namespace Temporal {
  type Duration = any;
  type Instant = any;
  type PlainDate = any;
  type PlainDateTime = any;
  type PlainTime = any;
  type ZonedDateTime = any;
}
// biome-ignore-end lint/suspicious/noExplicitAny: nothing of these types can exist

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

// Types of building blocks that are not here, as 3.18.0 has them: programs that only name them compile.
// biome-ignore-start lint/suspicious/noExplicitAny: as there
export interface DaprInvokerCallbackContent {
  body?: string;
  query?: string;
  metadata?: { contentType?: string };
  headers?: { [key: string]: any };
}
export type TypeDaprInvokerCallback = (data: DaprInvokerCallbackContent) => Promise<any>;
export interface InvokerOptions {
  headers?: { [key: string]: any };
}
export type PubSubBulkPublishMessage = object | string;
export interface PubSubBulkPublishResponse {
  failedMessages: {
    message: { entryID: string; event: object | string; metadata: { [key: string]: any }; contentType: string };
    error: Error;
  }[];
}
// biome-ignore-end lint/suspicious/noExplicitAny: as there
