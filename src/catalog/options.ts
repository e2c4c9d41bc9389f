import type { CatalogShards } from "../model/catalog-shards.ts";
import {
  aNumber,
  anObject,
  type Given,
  type OptionRule,
  oneOf,
  optionsOf,
  rangeRule,
  typeRule,
} from "../model/options.ts";

/** Option `catalog` of `createWorker`; `false`: there is none. */
export interface CatalogConfig extends CatalogShards {
  /**
   * Whether a start that ends in its first burst is answered when the catalog has it, for which it waits 250 ms at most, or at
   * once; then a crash may lose the last few ms of the list, until the instance is touched again.
   */
  readonly confirm: "before-answer" | "background";
}

/** One for each 250 announcements a second. The Free plan allows 50 calls for a request, which reads all of them. */
const MOST_SHARDS = 256;

export const DEFAULT_CATALOG: CatalogConfig = { shards: 4, former: [], confirm: "before-answer" };

const isCount = (value: unknown) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST_SHARDS;
const EXPECTED = `a whole number from 1 to ${MOST_SHARDS}`;

export const catalogOption: OptionRule = anObject(
  optionsOf<CatalogConfig>({
    shards: aNumber(EXPECTED, isCount),
    former: rangeRule(
      `a list of former numbers of shards, each ${EXPECTED}`,
      (value) => Array.isArray(value) && value.every(isCount),
    ),
    confirm: oneOf("before-answer", "background"),
  }),
  "an object of options or false",
  typeRule("false", (value) => value === false),
);

/** With the defaults for what is not given. */
export function catalogConfig(given: Given<CatalogConfig> | false = {}): CatalogConfig | false {
  if (given === false) return false;
  const { shards, former, confirm } = given;
  return {
    shards: shards ?? DEFAULT_CATALOG.shards,
    former: former ?? DEFAULT_CATALOG.former,
    confirm: confirm ?? DEFAULT_CATALOG.confirm,
  };
}
