import type { HttpError } from "./errors.ts";

/** An answer before it is a Response: setting a header on one afterwards takes longer than making it. */
export interface Reply {
  readonly status: number;
  readonly body: string | ReadableStream | null;
  readonly contentType?: string;
  /** Those of this answer alone. */
  readonly headers?: Readonly<Record<string, string>>;
}

export function json(status: number, body: object): Reply {
  return jsonText(status, JSON.stringify(body));
}

export function jsonText(status: number, body: string): Reply {
  return { status, body, contentType: "application/json" };
}

/** The answer of the five operations that return nothing: Dapr prints an empty protobuf message. */
export function accepted(): Reply {
  return json(202, {});
}

export function noContent(): Reply {
  return { status: 204, body: null };
}

export function errorReply({ status, body }: HttpError): Reply {
  if (typeof body === "object") return json(status, body);
  return { status, body, contentType: "text/plain; charset=utf-8" };
}

/**
 * Every answer says that it is for its caller alone: to be kept nowhere, to be taken for what it says it is, and for no page of another
 * origin to embed. The last does not keep a page of `allowedOrigins` from reading it, which is asked for in another way (CORS).
 */
export function toResponse(
  { status, body, contentType, headers: own }: Reply,
  headers: Record<string, string> = {},
): Response {
  headers["cache-control"] = "no-store";
  headers["x-content-type-options"] = "nosniff";
  headers["cross-origin-resource-policy"] = "same-origin";
  if (contentType !== undefined) headers["content-type"] = contentType;
  if (own !== undefined) Object.assign(headers, own);
  return new Response(body, { status, headers });
}
