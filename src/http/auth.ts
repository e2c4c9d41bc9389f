import type { Call } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { unauthorized } from "./errors.ts";

/**
 * Lets a request pass or throws 401. With a token, every caller sends it as `dapr-api-token` (Dapr's header) or as
 * `Authorization: Bearer`; when both are there, Dapr's header decides. Without a token only a loopback host is served,
 * so that `npm start` works at once and a deployment that forgot its secret is closed rather than open.
 */
export function authenticate(call: Call, deps: Pick<HttpDeps, "apiToken" | "trusted">): void {
  if (deps.trusted === true) return;
  if (!deps.apiToken) {
    if (isLoopback(call.hostname)) return;
    throw unauthorized(
      "the secret DAPR_API_TOKEN is not set, so only requests to localhost are served. Set it with: npx wrangler secret put DAPR_API_TOKEN",
    );
  }
  if (!isSameToken(sentToken(call.request.headers), deps.apiToken)) throw unauthorized("invalid api token");
}

function sentToken(headers: Headers): string {
  const bearer = /^bearer +(.+)$/i.exec(headers.get("authorization") ?? "");
  return headers.get("dapr-api-token") ?? bearer?.[1] ?? "";
}

/** Takes as long as `sent` is, whatever the secret is: time tells neither its length nor where the two first differ. */
function isSameToken(sent: string, secret: string): boolean {
  let difference = sent.length ^ secret.length;
  for (let i = 0; i < sent.length; i++) difference |= sent.charCodeAt(i) ^ secret.charCodeAt(i % secret.length);
  return difference === 0;
}

/** `URL` has already written every form of an IPv4 address as four decimal numbers. */
function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}
