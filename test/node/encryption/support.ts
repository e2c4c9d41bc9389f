// The real cipher in a world whose clock is virtual.
import { payloadCipher } from "../../../src/instance/reading/payload-keys.ts";
import type { Cipher } from "../../../src/storage/vault.ts";
import type { World } from "../instance/world.ts";

/** Keys of these tests alone. */
export const key = (fill: number) => Buffer.alloc(32, fill).toString("base64");
export const K1 = `k1:${key(1)}`;
export const K2 = `k2:${key(2)}`;
export const SECRET = "top secret é😀";

const atWork = new Set<Promise<unknown>>();

/** The cipher works in threads of its own, whose time is not the world's: the world waits for them. */
function watched(cipher: Cipher): Cipher {
  const watch = <T>(work: Promise<T>): Promise<T> => {
    const done = work.finally(() => atWork.delete(done));
    atWork.add(done);
    return done;
  };
  return { seal: (text) => watch(cipher.seal(text)), open: (sealed) => watch(cipher.open(sealed)) };
}

/** The next lives have these keys; `undefined`: none. */
export function setKeys(world: World, secret: string | undefined): World {
  world.crashAll();
  world.cipher = secret === undefined ? undefined : (id) => watched(payloadCipher(secret, () => id));
  return world;
}

/** Time goes on, and the cipher works. */
export async function pass(world: World, ms = 1_000): Promise<void> {
  for (let n = 0; n < 20; n++) {
    await world.advance(ms / 20);
    while (atWork.size > 0) {
      await Promise.allSettled(atWork);
      await world.settle();
    }
  }
}

/** An answer that takes no time but the cipher's. */
export async function answered<T>(world: World, answer: Promise<T>): Promise<T> {
  await pass(world, 0);
  return answer;
}

/** As `World.post`, and waits for the answer. */
export function ask<T>(world: World, ...call: Parameters<typeof World.prototype.post<T>>): Promise<T> {
  return answered(world, world.post(...call));
}

export const describeSealed = (world: World, id: string) => ask(world, id, (i) => i.describe({ payloads: true }));

export const tell = (world: World, id: string, name: string, input: unknown) =>
  ask(world, id, (i) => i.raiseEvent({ name, input: JSON.stringify(input), messageId: `${name} for ${id}` }));

export const begin = (world: World, id: string, name: string, input: unknown) =>
  ask(world, id, (i) => i.start({ instanceId: id, name, input: JSON.stringify(input), requestId: id }));

/** Every text of every row of all databases. */
export function everythingIn(world: World): string {
  return JSON.stringify([...world.hosts.values()].map(({ db }) => db.dump()));
}
