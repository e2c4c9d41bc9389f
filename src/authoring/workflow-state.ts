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

/** Why an instance failed. Its fields are its own, so that copies (`structuredClone`, a message to another thread) have them. */
export class WorkflowFailureDetails {
  private readonly errorType: string;
  private readonly message: string;
  private readonly stackTrace: string | undefined;
  private readonly properties: FailureDetails["properties"];
  private readonly innerFailure: FailureDetails | undefined;
  private readonly otherFailures: FailureDetails["otherFailures"];

  constructor(errorType: string, message: string, stackTrace?: string, more: Partial<FailureDetails> = {}) {
    this.errorType = errorType;
    this.message = message;
    this.stackTrace = stackTrace;
    this.properties = more.properties;
    this.innerFailure = more.innerFailure;
    this.otherFailures = more.otherFailures;
  }

  /** The `name` of the error that ended the workflow, or the name of its class. */
  getErrorType(): string {
    return this.errorType;
  }
  getErrorMessage(): string {
    return this.message;
  }
  getStackTrace(): string | undefined {
    return this.stackTrace;
  }
  /** The error's own simple fields, such as `code` or `status`. */
  getProperties(): Readonly<Record<string, string | number | boolean | null>> {
    return this.properties ?? {};
  }
  /** What caused the error: its `cause`, or the first of its `errors`. */
  getInnerFailure(): WorkflowFailureDetails | undefined {
    return this.innerFailure && toFailure(this.innerFailure);
  }
  /** What else is in the error's `errors`. */
  getOtherFailures(): WorkflowFailureDetails[] {
    return (this.otherFailures ?? []).map(toFailure);
  }

  toJSON(): object {
    return present(this);
  }
  [INSPECT](depth: number, options: object, inspect?: (value: unknown, options: object) => string): unknown {
    return inspected("WorkflowFailureDetails", this.toJSON(), depth, options, inspect);
  }
}

function toFailure(failure: FailureDetails): WorkflowFailureDetails {
  return new WorkflowFailureDetails(failure.errorType, failure.message, failure.stackTrace, failure);
}

/**
 * A snapshot of an instance (Dapr JS: WorkflowState). Payloads are raw texts, JSON unless somebody sent something else. Its fields
 * are its own, so that copies have them.
 */
export class WorkflowState {
  /** Times as they came, which may be finer than a Date. */
  readonly #times: Pick<WireState, "createdAt" | "lastUpdatedAt">;
  readonly instanceId: string;
  /** Name of the workflow; empty while the instance waits for a scheduled start. */
  readonly name: string;
  readonly runtimeStatus: WorkflowRuntimeStatus;
  readonly createdAt: Date;
  readonly lastUpdatedAt: Date;
  readonly serializedInput: string | undefined;
  readonly serializedOutput: string | undefined;
  /** The text as `setCustomStatus` was given it, or JSON of what it was given. */
  readonly customStatus: string | undefined;
  /** Why it is FAILED or CANCELED; of a STALLED one the reason, such as VERSION_NOT_AVAILABLE, and its text. */
  readonly workflowFailureDetails: WorkflowFailureDetails | undefined;

  constructor(wire: WireState) {
    if (wire === null || wire === undefined) throw new Error("OrchestrationMetadata cannot be null");
    const { createdAt, lastUpdatedAt } = wire;
    this.#times = { createdAt, lastUpdatedAt };
    const property = (name: string) => wire.properties?.[`dapr.workflow.${name}`];
    this.instanceId = wire.instanceID;
    this.name = wire.workflowName ?? "";
    this.runtimeStatus = fromWireStatus(wire.runtimeStatus);
    this.createdAt = new Date(createdAt);
    this.lastUpdatedAt = new Date(lastUpdatedAt);
    this.serializedInput = property("input");
    this.serializedOutput = property("output");
    this.customStatus = property("custom_status");
    const errorType = property("failure.error_type");
    const [message = "", stackTrace] = [property("failure.error_message"), property("failure.stack_trace")];
    this.workflowFailureDetails =
      errorType === undefined ? undefined : new WorkflowFailureDetails(errorType, message, stackTrace, wire.failure);
  }

  /** Its fields, the status by its own name, without those that are not there. */
  toJSON(): object {
    return { ...this.#shown(), ...this.#times };
  }
  [INSPECT](depth: number, options: object, inspect?: (value: unknown, options: object) => string): unknown {
    return inspected("WorkflowState", this.#shown(), depth, options, inspect);
  }

  #shown(): object {
    return present({ ...this, runtimeStatus: WorkflowRuntimeStatus[this.runtimeStatus] });
  }
}

function present(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
