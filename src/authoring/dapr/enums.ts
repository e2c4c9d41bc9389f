// The numbers and texts of @dapr/dapr 3.18.0: programs pass and compare them.

export enum CommunicationProtocolEnum {
  GRPC = 0,
  HTTP = 1,
}
export enum HttpMethod {
  GET = "get",
  DELETE = "delete",
  POST = "post",
  PUT = "put",
  PATCH = "patch",
}
export enum DaprPubSubStatusEnum {
  SUCCESS = "SUCCESS",
  RETRY = "RETRY",
  DROP = "DROP",
}
export enum StateConcurrencyEnum {
  CONCURRENCY_UNSPECIFIED = 0,
  CONCURRENCY_FIRST_WRITE = 1,
  CONCURRENCY_LAST_WRITE = 2,
}
export enum StateConsistencyEnum {
  CONSISTENCY_UNSPECIFIED = 0,
  CONSISTENCY_EVENTUAL = 1,
  CONSISTENCY_STRONG = 2,
}
export enum LogLevel {
  Error = 0,
  Warn = 1,
  Info = 2,
  Verbose = 3,
  Debug = 4,
}
