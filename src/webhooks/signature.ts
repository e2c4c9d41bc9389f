/*
 * Signatures as Standard Webhooks 1.0 has them: HMAC-SHA256 over the ID, the time and the body, in base64, one for each secret.
 */

const PREFIX = "whsec_";
/** The standard asks for 24 to 64 bytes. */
const LEAST_BYTES = 24;
const MOST_BYTES = 64;

/** Several secrets, the newest first, so that one can be taken out of use while receivers still know it. */
export function secretsIn(text: string): string[] {
  return text.split(/[\s,]+/).filter((secret) => secret !== "");
}

/** What is wrong with secrets, without any part of them; `undefined`: nothing. */
export function secretProblem(text: unknown): string | undefined {
  const secrets = typeof text === "string" ? secretsIn(text) : [];
  if (secrets.length === 0) return "there is none";
  for (const secret of secrets) {
    const bytes = bytesOf(secret)?.byteLength ?? 0;
    if (bytes < LEAST_BYTES || bytes > MOST_BYTES)
      return `it is ${PREFIX} and ${LEAST_BYTES} to ${MOST_BYTES} bytes in base64, several of them with spaces between them`;
  }
  return undefined;
}

/** The value of `webhook-signature`. Rejects when a secret is none. */
export async function sign(secrets: string, id: string, seconds: number, body: string): Promise<string> {
  const signed = new TextEncoder().encode(`${id}.${seconds}.${body}`);
  const signatures = secretsIn(secrets).map(async (secret) => {
    const key = bytesOf(secret) ?? new Uint8Array();
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
    const mac = new Uint8Array(await crypto.subtle.sign("HMAC", imported, signed));
    return `v1,${btoa(String.fromCharCode(...mac))}`;
  });
  return (await Promise.all(signatures)).join(" ");
}

function bytesOf(secret: string): Uint8Array<ArrayBuffer> | undefined {
  if (!secret.startsWith(PREFIX)) return undefined;
  try {
    return Uint8Array.from(atob(secret.slice(PREFIX.length)), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}
