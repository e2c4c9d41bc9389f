// [T27] Running instances have recorded what chance has given them: any change of the algorithm breaks them in their next replay.
import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../../src/engine/random.ts";

describe("[T27] The numbers of a seed never change", () => {
  it.each([
    ["", 1653483689, 3040867876, 0.5703378732596037, "61664def-18c2-468c-b96b-8671e6a46e6d", 0.24309765753605694],
    ["i:0", 419700594, 1853287954, 0.7197507080097725, "cf4dddbd-c74a-4f15-9375-086534756cae", 0.8372862145801305],
    [
      "execution-1",
      950932378,
      1756675169,
      0.8249952738771562,
      "540f42fb-7734-4f55-9a4d-5435b583f816",
      0.5480562791156194,
    ],
    ["ünï😀", 59305981, 4155352502, 0.32781424912627866, "03ef239e-6de5-4177-92ec-1a3ddec53a60", 0.16080209442111915],
  ])("[T27] %j", (seed, first, second, third, uuid, last) => {
    const random = new SeededRandom(seed);
    expect([random.nextUint32(), random.nextUint32(), random.next(), random.nextUuid(), random.next()]).toEqual([
      first,
      second,
      third,
      uuid,
      last,
    ]);
  });
});
