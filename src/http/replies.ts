import type { HttpError } from "./errors.ts";

/** An answer before it is a Response: setting a header on one afterwards takes longer than making it. */
export interface Reply {
  readonly status: number;
  readonly body: string | null;
  readonly contentType?: string;
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

export function toResponse({ status, body, contentType }: Reply, headers: Record<string, string> = {}): Response {
  if (contentType !== undefined) headers["content-type"] = contentType;
  return new Response(body, { status, headers });
}
