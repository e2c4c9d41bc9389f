/**
 * Payloads are texts. What this library writes is JSON; what came over HTTP is whatever was sent, and reaches
 * the workflow as the parsed JSON, or as the text itself where it is not JSON.
 */
export function encodePayload(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

export function decodePayload(text: string | undefined): unknown {
  if (text === undefined || text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
