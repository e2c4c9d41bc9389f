/**
 * What StrykerJS is given beside its own: a checker that passes the mutants of a seed and turns all others away (it makes those of every
 * place), and a reporter that says how far the drawn ones are, and at once which survive.
 */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { CheckStatus } from "@stryker-mutator/api/check";
import { commonTokens, declareClassPlugin, PluginKind, tokens } from "@stryker-mutator/api/plugin";
import { draw, original } from "./draw.ts";
import { TypeCheck } from "./type-check.ts";

export const NOT_DRAWN = "not drawn";

class DrawnChecker {
  static inject = tokens(commonTokens.options);
  #sample;

  constructor(options) {
    this.#sample = sampleOf(options);
  }

  async init() {}

  /** All at once, since whether one is tried depends on those drawn before it. */
  async group(mutants) {
    return [mutants.map(({ id }) => id)];
  }

  async check(mutants) {
    await using types = await TypeCheck.of(process.cwd());
    const { drawn, refused } = await draw(mutants, this.#sample, (mutant) => types.refusal(mutant));
    const resultOf = (id) =>
      drawn.has(id)
        ? { status: CheckStatus.Passed }
        : { status: CheckStatus.CompileError, reason: refused.get(id) ?? NOT_DRAWN };
    return Object.fromEntries(mutants.map(({ id }) => [id, resultOf(id)]));
  }
}

class DrawnReporter {
  static inject = tokens(commonTokens.options);
  #wanted;
  #tried = 0;
  #survived = 0;

  constructor(options) {
    this.#wanted = sampleOf(options).wanted;
  }

  onMutantTested(mutant) {
    if (mutant.status === "CompileError") return;
    this.#tried++;
    if (survived(mutant)) {
      this.#survived++;
      process.stderr.write(`\r${described(mutant)}\n`);
    }
    process.stderr.write(`\r${this.#tried} of ${this.#wanted} mutants, ${this.#survived} survived `);
  }
}

/** An error outside of any test, of a module for instance that cannot be loaded, fails a run as well. */
export function survived({ status }) {
  return status === "Survived" || status === "NoCoverage";
}

/** Where a mutant is, what stands there and what it puts in its place. */
export function described(mutant) {
  const { fileName, location, mutatorName, replacement, status } = mutant;
  const path = relative(process.cwd(), fileName);
  const short = (text) => text.replace(/\s+/g, " ").slice(0, 160);
  // A report counts from 1.
  const fromZero = ({ line, column }) => ({ line: line - 1, column: column - 1 });
  const place = { location: { start: fromZero(location.start), end: fromZero(location.end) } };
  const before = short(original(readFileSync(fileName, "utf8"), place));
  const seen = status === "NoCoverage" ? ", which no test reaches" : "";
  return `${path}:${location.start.line}:${location.start.column} ${mutatorName}${seen}: ${before} -> ${short(replacement)}`;
}

function sampleOf(options) {
  return options.sample;
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
