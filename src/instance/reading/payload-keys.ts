import { UnreadableError } from "../../storage/unreadable-error.ts";
import type { Cipher } from "../../storage/vault.ts";

/** AES-GCM (NIST SP 800-38D): a nonce of 96 bits, new for each text, and a tag of 128 bits behind it. */
const NONCE_BYTES = 12;
const KEY_BYTES = 32;

/**
 * AES-256-GCM by WebCrypto. `secret` is `id:key[,id:key…]`: an ID of letters, digits, `_` and `-`, and 32 bytes in base64.
 * The first key seals, all of them open, which is how keys are changed: put the new one in front, and leave the old one as
 * long as instances live that were written with it. A sealed text is `id:base64` and is bound to its instance, so that it
 * cannot be put into another one's database.
 */
export function payloadCipher(secret: string, instanceId: () => string): Cipher {
  const keys = parseKeys(secret);
  const boundTo = () => new TextEncoder().encode(instanceId());
  return {
    async seal(text) {
      const [first] = keysOf(keys);
      const [id, key] = first as [string, Promise<Key>];
      const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const algorithm = { name: "AES-GCM", iv, additionalData: boundTo() };
      const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, await key, new TextEncoder().encode(text)));
      const bytes = new Uint8Array(NONCE_BYTES + sealed.length);
      bytes.set(iv);
      bytes.set(sealed, NONCE_BYTES);
      return `${id}:${toBase64(bytes)}`;
    },
    async open(text) {
      const [id = "", base64 = ""] = text.split(":");
      const key = keysOf(keys).get(id);
      if (key === undefined) {
        throw new UnreadableError(
          `What is stored is encrypted with the key '${id}', and PAYLOAD_KEYS has no key of that ID: add it behind the ` +
            "others. Nothing has been changed.",
        );
      }
      try {
        const bytes = fromBase64(base64);
        const algorithm = { name: "AES-GCM", iv: bytes.slice(0, NONCE_BYTES), additionalData: boundTo() };
        return new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, await key, bytes.slice(NONCE_BYTES)));
      } catch {
        throw new UnreadableError(
          `What is stored was not encrypted with the key that PAYLOAD_KEYS has as '${id}', or was changed since. Nothing ` +
            "has been changed.",
        );
      }
    },
  };
}

type Keys = ReadonlyMap<string, Promise<Key>> | UnreadableError;

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** All objects of an isolate have the same secret: its keys are imported once. */
const parsed = new Map<string, Keys>();

function parseKeys(secret: string): Keys {
  let keys = parsed.get(secret);
  if (keys === undefined) {
    keys = readKeys(secret);
    parsed.set(secret, keys);
  }
  return keys;
}

/** The message tells where, and nothing of the key. */
function readKeys(secret: string): Keys {
  const keys = new Map<string, Promise<Key>>();
  for (const [n, entry] of secret.split(",").entries()) {
    const [, id, base64] = /^\s*([A-Za-z0-9_-]+):([A-Za-z0-9+/]+={0,2})\s*$/.exec(entry) ?? [];
    const bytes = base64 === undefined ? undefined : fromBase64(base64);
    if (id === undefined || bytes?.length !== KEY_BYTES || keys.has(id)) {
      return new UnreadableError(
        `PAYLOAD_KEYS should be id:key[,id:key…], each ID another one and each key ${KEY_BYTES} bytes in base64; entry ` +
          `${n + 1} is not. Nothing is read or written until it is corrected.`,
      );
    }
    keys.set(id, crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]));
  }
  return keys;
}

function keysOf(keys: Keys): ReadonlyMap<string, Promise<Key>> {
  if (keys instanceof UnreadableError) throw keys;
  return keys;
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let from = 0; from < bytes.length; from += 8_192)
    binary += String.fromCharCode(...bytes.subarray(from, from + 8_192));
  return btoa(binary);
}

function fromBase64(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}
