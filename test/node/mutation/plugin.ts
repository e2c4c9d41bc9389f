/**
 * What StrykerJS is given beside its own: a checker that passes the mutants of a seed and turns all others away (it makes those of every
 * place), and a reporter that says how far the drawn ones are.
 */
import { type Checker, type CheckResult, CheckStatus } from "@stryker-mutator/api/check";
import type { Mutant, MutantResult, StrykerOptions } from "@stryker-mutator/api/core";
import { commonTokens, declareClassPlugin, PluginKind, tokens } from "@stryker-mutator/api/plugin";
import type { Reporter } from "@stryker-mutator/api/report";
import { draw } from "./draw.ts";
import { TypeCheck } from "./type-check.ts";

export const NOT_DRAWN = "not drawn";

/** The option `sample` of a run. */
export interface Sample {
  readonly seed: number;
  readonly wanted: number;
}

class DrawnChecker implements Checker {
  static readonly inject = tokens(commonTokens.options);
  readonly #sample: Sample;

  constructor(options: StrykerOptions) {
    this.#sample = sampleOf(options);
  }

  async init(): Promise<void> {}

  /** All at once, since whether one is tried depends on those drawn before it. */
  async group(mutants: Mutant[]): Promise<string[][]> {
    return [mutants.map(({ id }) => id)];
  }

  async check(mutants: Mutant[]): Promise<Record<string, CheckResult>> {
    await using types = await TypeCheck.of(process.cwd());
    const { drawn, refused } = await draw(mutants, this.#sample, (mutant) => types.refusal(mutant));
    const resultOf = (id: string): CheckResult =>
      drawn.has(id)
        ? { status: CheckStatus.Passed }
        : { status: CheckStatus.CompileError, reason: refused.get(id) ?? NOT_DRAWN };
    return Object.fromEntries(mutants.map(({ id }) => [id, resultOf(id)]));
  }
}

class DrawnReporter implements Reporter {
  static readonly inject = tokens(commonTokens.options);
  readonly #wanted: number;
  #tried = 0;
  #survived = 0;

  constructor(options: StrykerOptions) {
    this.#wanted = sampleOf(options).wanted;
  }

  onMutantTested(mutant: Readonly<MutantResult>): void {
    if (mutant.status === "CompileError") return;
    this.#tried++;
    if (survived(mutant)) this.#survived++;
    process.stderr.write(`\r${this.#tried} of ${this.#wanted} mutants, ${this.#survived} survived `);
  }
}

/** An error outside of any test, of a module for instance that cannot be loaded, fails a run as well. */
export function survived({ status }: Pick<MutantResult, "status">): boolean {
  return status === "Survived" || status === "NoCoverage";
}

function sampleOf(options: StrykerOptions): Sample {
  return options.sample as Sample;
}

export const strykerPlugins = [
  declareClassPlugin(PluginKind.Checker, "drawn", DrawnChecker),
  declareClassPlugin(PluginKind.Reporter, "drawn", DrawnReporter),
];

export const strykerValidationSchema = {
  properties: {
    sample: { type: "object", properties: { seed: { type: "integer" }, wanted: { type: "integer" } } },
  },
};
