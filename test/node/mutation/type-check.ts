// What the type checker says of a mutant. StrykerJS has a checker for this, which needs the JavaScript API that TypeScript 7 does not have;
// so does what it would do to tsconfig.json, which is turned off (`tsconfigFile` in stryker.json).
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { mutate, type Place } from "./draw.ts";

const TSC = fileURLToPath(new URL("./bin/tsc", import.meta.resolve("typescript/package.json")));

/** Checks mutants of a project in a copy of its `src`, which is there until it is disposed of. */
export class TypeCheck implements AsyncDisposable {
  readonly #root: string;
  readonly #copy: string;

  static async of(root: string): Promise<TypeCheck> {
    const copy = await mkdtemp(join(tmpdir(), "mutate-"));
    for (const name of ["src", "tsconfig.json"]) await cp(join(root, name), join(copy, name), { recursive: true });
    await symlink(join(root, "node_modules"), join(copy, "node_modules"));
    return new TypeCheck(root, copy);
  }

  private constructor(root: string, copy: string) {
    this.#root = root;
    this.#copy = copy;
  }

  /** @returns undefined when the types allow the mutant */
  async refusal(mutant: Place): Promise<string | undefined> {
    const file = join(this.#copy, relative(this.#root, mutant.fileName));
    const text = await readFile(file, "utf8");
    await writeFile(file, mutate(text, mutant));
    try {
      return await this.#errors();
    } finally {
      await writeFile(file, text);
    }
  }

  #errors(): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      execFile(process.execPath, [TSC, "-p", this.#copy, "--pretty", "false"], (error, stdout, stderr) => {
        if (error === null) resolve(undefined);
        else if (/error TS\d+/.test(stdout)) resolve(stdout);
        else reject(new Error(`tsc has failed: ${stderr}${stdout}`, { cause: error }));
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#copy, { recursive: true, force: true });
  }
}
