import type { FailureDetails } from "../model/failure.ts";
import type { RuntimeStatus } from "../model/status.ts";
import { INSPECT, inspected } from "./inspection.ts";
import { fromWireStatus, WorkflowRuntimeStatus } from "./runtime-status.ts";

/** The body of `GET /v1.0/workflows/{component}/{id}`. */
export interface WireState {
  readonly instanceID: string;
  readonly workflowName?: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  readonly runtimeStatus: RuntimeStatus;
  readonly properties?: Readonly<Record<string, string>>;
  /** Ours; Dapr's own server has none. */
  readonly failure?: FailureDetails;
}

/** Why an instance failed. */
export class WorkflowFailureDetails {
  readonly #errorType: string;
  readonly #message: string;
  readonly #stackTrace: string | undefined;
  readonly #more: Partial<FailureDetails>;

  constructor(errorType: string, message: string, stackTrace?: string, more: Partial<FailureDetails> = {}) {
    this.#errorType = errorType;
    this.#message = message;
    this.#stackTrace = stackTrace;
    this.#more = more;
  }

  /** The `name` of the error that ended the workflow, or the name of its class. */
  getErrorType(): string {
    return this.#errorType;
  }
  getErrorMessage(): string {
    return this.#message;
  }
  getStackTrace(): string | undefined {
    return this.#stackTrace;
  }
  /** The error's own simple fields, such as `code` or `status`. */
  getProperties(): Readonly<Record<string, string | number | boolean | null>> {
    return this.#more.properties ?? {};
  }
  /** What caused the error: its `cause`, or the first of its `errors`. */
  getInnerFailure(): WorkflowFailureDetails | undefined {
    return this.#more.innerFailure && toFailure(this.#more.innerFailure);
  }
  /** What else is in the error's `errors`. */
  getOtherFailures(): WorkflowFailureDetails[] {
    return (this.#more.otherFailures ?? []).map(toFailure);
  }

  toJSON(): object {
    const { properties, innerFailure, otherFailures } = this.#more;
    const own = { errorType: this.#errorType, message: this.#message, stackTrace: this.#stackTrace };
    return present({ ...own, properties, innerFailure, otherFailures });
  }
  [INSPECT](depth: number, options: object, inspect?: (value: unknown, options: object) => string): unknown {
    return inspected("WorkflowFailureDetails", this.toJSON(), depth, options, inspect);
  }
}

function toFailure(failure: FailureDetails): WorkflowFailureDetails {
  return new WorkflowFailureDetails(failure.errorType, failure.message, failure.stackTrace, failure);
}

/** A snapshot of an instance (Dapr JS: WorkflowState). Payloads are raw texts, JSON unless somebody sent something else. */
export class WorkflowState {
  readonly #wire: WireState;

  constructor(wire: WireState) {
    if (wire === null || wire === undefined) throw new Error("OrchestrationMetadata cannot be null");
    this.#wire = wire;
  }

  /** Name of the workflow; empty while the instance waits for a scheduled start. */
  get name(): string {
    return this.#wire.workflowName ?? "";
  }
  get instanceId(): string {
    return this.#wire.instanceID;
  }
  get runtimeStatus(): WorkflowRuntimeStatus {
    return fromWireStatus(this.#wire.runtimeStatus);
  }
  get createdAt(): Date {
    return new Date(this.#wire.createdAt);
  }
  get lastUpdatedAt(): Date {
    return new Date(this.#wire.lastUpdatedAt);
  }
  get serializedInput(): string | undefined {
    return this.#property("input");
  }
  get serializedOutput(): string | undefined {
    return this.#property("output");
  }
  /** The text as `setCustomStatus` was given it, or JSON of what it was given. */
  get customStatus(): string | undefined {
    return this.#property("custom_status");
  }
  /** Why it is FAILED or CANCELED; of a STALLED one the reason, such as VERSION_NOT_AVAILABLE, and its text. */
  get workflowFailureDetails(): WorkflowFailureDetails | undefined {
    const errorType = this.#property("failure.error_type");
    if (errorType === undefined) return undefined;
    return new WorkflowFailureDetails(
      errorType,
      this.#property("failure.error_message") ?? "",
      this.#property("failure.stack_trace"),
      this.#wire.failure,
    );
  }

  /** Its fields by their names here, the status by its own, without those that are not there. */
  toJSON(): object {
    const { createdAt, lastUpdatedAt } = this.#wire;
    return present({ ...this.#fields(), createdAt, lastUpdatedAt });
  }
  [INSPECT](depth: number, options: object, inspect?: (value: unknown, options: object) => string): unknown {
    return inspected("WorkflowState", present(this.#fields()), depth, options, inspect);
  }

  #fields() {
    const { instanceId, name, createdAt, lastUpdatedAt, serializedInput, serializedOutput, customStatus } = this;
    const runtimeStatus = WorkflowRuntimeStatus[this.runtimeStatus];
    const { workflowFailureDetails } = this;
    const payloads = { serializedInput, serializedOutput, customStatus };
    return { instanceId, name, runtimeStatus, createdAt, lastUpdatedAt, ...payloads, workflowFailureDetails };
  }

  #property(name: string): string | undefined {
    return this.#wire.properties?.[`dapr.workflow.${name}`];
  }
}

function present(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
