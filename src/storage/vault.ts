import { UnreadableError } from "./unreadable-error.ts";

/** How texts that may be secret lie in the database: payloads, custom status, messages to other instances. */
export interface TextCodec {
  encode(text: string): string;
  /** Throws UnreadableError. */
  decode(stored: string): string;
}

/** Encryption and decryption of one text. What `seal` returns names its key. */
export interface Cipher {
  seal(text: string): Promise<string>;
  /** Rejects with UnreadableError when the key is not there, or is another, or the text was changed. */
  open(sealed: string): Promise<string>;
}

/** What is sealed begins so; a plain text that happens to begin so gets it once more, with nothing for the key. */
const SEALED = "enc:";
const PLAIN = "enc::";

function isSealed(stored: string): boolean {
  return stored.startsWith(SEALED) && !stored.startsWith(PLAIN);
}

/** Without a key. */
export const plainTexts: TextCodec = {
  encode: (text) => (text.startsWith(SEALED) ? PLAIN + text : text),
  decode: (stored) => {
    if (!stored.startsWith(SEALED)) return stored;
    if (stored.startsWith(PLAIN)) return stored.slice(PLAIN.length);
    throw new UnreadableError(
      `What is stored is encrypted with the key '${stored.split(":")[1]}', and this deployment has no keys: ` +
        "set the secret PAYLOAD_KEYS again. Nothing has been changed.",
    );
  },
};

/**
 * Encrypts what a store writes and decrypts what it reads. The store is synchronous, since what it does together must not
 * be seen by halves, and the platform's encryption is not: so texts are sealed before they are written, and read twice,
 * first to learn which there are and then with all of them open. Plain texts of the time before there were keys can be read.
 */
export class Vault implements TextCodec {
  readonly #cipher: Cipher;
  #sealed: ReadonlyMap<string, string> | undefined;
  #opened: ReadonlyMap<string, string> | undefined;
  #missing: Set<string> | undefined;

  constructor(cipher: Cipher) {
    this.#cipher = cipher;
  }

  encode(text: string): string {
    const sealed = this.#sealed?.get(text);
    if (sealed === undefined) throw new Error("A text is to be written that has not been sealed before");
    return sealed;
  }

  decode(stored: string): string {
    if (!isSealed(stored)) return plainTexts.decode(stored);
    const text = this.#opened?.get(stored);
    if (text !== undefined) return text;
    if (this.#missing === undefined) throw new Error("An encrypted text is to be read that has not been opened before");
    this.#missing.add(stored);
    // JSON, because some texts are parsed. What is read by this is thrown away.
    return "null";
  }

  /** Seals the texts, and then writes at once. */
  async writing<T>(texts: Iterable<string>, write: () => T): Promise<T> {
    const sealed = new Map<string, string>();
    await Promise.all([...new Set(texts)].map(async (text) => void sealed.set(text, await this.seal(text))));
    this.#sealed = sealed;
    try {
      return write();
    } finally {
      this.#sealed = undefined;
    }
  }

  /**
   * What `use` makes of what `read` reads, all at one moment. `read` is called until all it comes upon has been opened, and
   * changes nothing; `use` once.
   */
  async reading<Found, T>(read: () => Found, use: (found: Found) => T): Promise<T> {
    const opened = new Map<string, string>();
    for (;;) {
      const missing = new Set<string>();
      this.#opened = opened;
      this.#missing = missing;
      let found: Found;
      try {
        found = read();
      } finally {
        this.#opened = undefined;
        this.#missing = undefined;
      }
      if (missing.size === 0) return use(found);
      await Promise.all([...missing].map(async (stored) => void opened.set(stored, await this.open(stored))));
    }
  }

  /** One text that no store encodes. */
  async seal(text: string): Promise<string> {
    return SEALED + (await this.#cipher.seal(text));
  }

  async open(stored: string): Promise<string> {
    return isSealed(stored) ? this.#cipher.open(stored.slice(SEALED.length)) : plainTexts.decode(stored);
  }
}
