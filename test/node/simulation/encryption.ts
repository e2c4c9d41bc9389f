// Payloads encrypted at rest, without a thread.
import { plainTexts } from "../../../src/storage/vault.ts";
import { toyCipher } from "../instance/support.ts";
import type { World } from "../instance/world.ts";
import { Random } from "../random.ts";

/** The real one takes its time in threads, which no seed decides: this one takes virtual time. `keys`, of a letter each: the first one encrypts. */
export function encrypt(world: World, seed: number, keys: () => readonly string[]): void {
  const random = new Random(seed);
  const aWhile = () => world.sleep(random.of([0, 0, 1, 30]));
  world.cipher = () => {
    const { seal, open } = toyCipher(...keys())();
    return {
      seal: (text) => aWhile().then(() => seal(text)),
      open: (sealed) => aWhile().then(() => open(sealed)),
    };
  };
  world.codec = { ...plainTexts, decode: (stored) => Buffer.from(stored.slice("enc:k:".length), "base64").toString() };
}
