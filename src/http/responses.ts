import type { HttpError } from "./errors.ts";

export function json(status: number, body: object): Response {
  return jsonText(status, JSON.stringify(body));
}

export function jsonText(status: number, body: string): Response {
  return new Response(body, { status, headers: { "content-type": "application/json" } });
}

/** The answer of the five operations that return nothing: Dapr prints an empty protobuf message. */
export function accepted(): Response {
  return json(202, {});
}

export function noContent(): Response {
  return new Response(null, { status: 204 });
}

export function errorResponse({ status, body }: HttpError): Response {
  if (typeof body === "object") return json(status, body);
  return new Response(body, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}
