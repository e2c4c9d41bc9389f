import type { Call } from "./call.ts";
import { unauthorized } from "./errors.ts";

/**
 * Every caller sends the token as `dapr-api-token` (Dapr's header) or as `Authorization: Bearer`; when both are there, Dapr's
 * header decides.
 */
export function checkToken({ request: { headers } }: Call, token: string): void {
  const bearer = /^bearer +(.+)$/i.exec(headers.get("authorization") ?? "");
  if (!isSameToken(headers.get("dapr-api-token") ?? bearer?.[1] ?? "", token)) throw unauthorized("invalid api token");
}

/** Takes as long as `sent` is, whatever the secret is: time tells neither its length nor where the two first differ. */
function isSameToken(sent: string, secret: string): boolean {
  let difference = sent.length === secret.length ? 0 : 1;
  for (let i = 0; i < sent.length; i++) difference |= sent.charCodeAt(i) ^ secret.charCodeAt(i % secret.length);
  return difference === 0;
}

const RIGHT =
  "Set it with: npx wrangler secret put DAPR_API_TOKEN (locally: a line DAPR_API_TOKEN=… in the file .dev.vars)";

/**
 * Why no header could equal the secret as it is configured, or `undefined`. The platform gives what was bound: a number of `[vars]` is a
 * number, and a secret of the Secrets Store is an object that would have to be asked. Compared as texts these would be equal to no token at all.
 */
export function tokenProblem(secret: unknown): string | undefined {
  if (secret === undefined) return undefined;
  if (typeof secret !== "string")
    return `nobody is served, because DAPR_API_TOKEN is bound as a value of type ${typeof secret} and has to be a text. ${RIGHT}`;
  if (secret !== secret.trim() || /\p{Cc}/u.test(secret))
    return `nobody is served, because DAPR_API_TOKEN begins or ends with white space or has control characters, which no header can carry. ${RIGHT}`;
  return undefined;
}
