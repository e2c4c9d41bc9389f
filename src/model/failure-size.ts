import type { FailureDetails } from "./failure-details.ts";

/** Of one text of a failure, in bytes of UTF-8. */
export const MAX_TEXT_BYTES = 32_768;
/** Of a failure with all that is within it, as JSON, in bytes of UTF-8: so it fits into a row and into a message, whatever was thrown. */
export const MAX_FAILURE_BYTES = 262_144;
/** How deep failures lie within failures. */
export const MAX_INNER_FAILURES = 10;

const CUT = "… [cut here]";
/** No text of a failure that is too large becomes shorter than this. */
const MIN_TEXT_BYTES = 256;
/** What one character of a text takes at most: `\u0000` in JSON. */
const MAX_BYTES_OF_A_CHARACTER = 6;

const utf8 = new TextEncoder();

/** The text, or its beginning and a mark where it was cut. */
export function cutText(text: string, maxBytes = MAX_TEXT_BYTES): string {
  if (text.length * 3 <= maxBytes) return text;
  const room = new Uint8Array(maxBytes);
  if (utf8.encodeInto(text, room).read === text.length) return text;
  const { read } = utf8.encodeInto(text, room.subarray(0, maxBytes - CUT.length - 2));
  return text.slice(0, read) + CUT;
}

/**
 * The failure within its bounds. One that is too large as a whole gets shorter texts, the same for all that is within it: what
 * is deepest is often the reason.
 */
export function fitFailure(failure: FailureDetails): FailureDetails {
  let fitted = cutFailure(failure, MAX_TEXT_BYTES, MAX_INNER_FAILURES, true);
  if (charactersOf(fitted) * MAX_BYTES_OF_A_CHARACTER <= MAX_FAILURE_BYTES) return fitted;
  for (let bytes = MAX_TEXT_BYTES / 2; isTooLarge(fitted) && bytes >= MIN_TEXT_BYTES; bytes /= 2)
    fitted = cutFailure(failure, bytes, MAX_INNER_FAILURES, true);
  return isTooLarge(fitted) ? cutFailure(failure, MIN_TEXT_BYTES, MAX_INNER_FAILURES, false) : fitted;
}

function isTooLarge(failure: FailureDetails): boolean {
  return utf8.encode(JSON.stringify(failure)).byteLength > MAX_FAILURE_BYTES;
}

/** `wide`: with the other failures of each. Properties stay as long as they take no more than two texts. */
function cutFailure(failure: FailureDetails, textBytes: number, depth: number, wide: boolean): FailureDetails {
  const { errorType = "Error", message = "", stackTrace, properties, innerFailure, otherFailures, ...rest } = failure;
  const within = (inner: FailureDetails) => cutFailure(inner, textBytes, depth - 1, wide);
  const hasProperties = properties !== undefined && JSON.stringify(properties).length <= 2 * textBytes;
  return {
    errorType: cutText(errorType, Math.min(textBytes, 1_024)),
    message: cutText(message, textBytes),
    ...(stackTrace !== undefined && { stackTrace: cutText(stackTrace, textBytes) }),
    ...rest,
    ...(hasProperties && { properties }),
    ...(innerFailure !== undefined && depth > 0 && { innerFailure: within(innerFailure) }),
    ...(otherFailures !== undefined && depth > 0 && wide && { otherFailures: otherFailures.map(within) }),
  };
}

function charactersOf(failure: FailureDetails): number {
  const { errorType, message, stackTrace = "", properties = {}, innerFailure, otherFailures = [] } = failure;
  const inner = innerFailure === undefined ? otherFailures : [innerFailure, ...otherFailures];
  const own = errorType.length + message.length + stackTrace.length + JSON.stringify(properties).length;
  // What stands around the texts.
  return inner.reduce((sum, one) => sum + charactersOf(one), own + 150);
}
