/**
 * Why an activity, a child workflow or an instance failed (Dapr: TaskFailureDetails). It always fits into a message and a
 * row: a text longer than 32 KiB, and whatever makes the whole of it larger than 256 KiB, is cut where `… [cut here]` stands.
 */
export interface FailureDetails {
  /** The error's own `name`; where it has none but that of a built-in class such as Error, the name of its class. */
  readonly errorType: string;
  readonly message: string;
  readonly stackTrace?: string;
  /** No retry policy calls again after this failure. */
  readonly isNonRetriable?: boolean;
  /** The error's own fields that are numbers, booleans, null, or texts of at most 1 KiB; at most 20. */
  readonly properties?: Readonly<Record<string, string | number | boolean | null>>;
  /** The error's `cause`; of one without a cause, as `Promise.any` throws it, the first of its `errors`. At most 10 levels. */
  readonly innerFailure?: FailureDetails;
  /** What else is in the error's `errors`, of which the first 10 are kept. */
  readonly otherFailures?: readonly FailureDetails[];
}
