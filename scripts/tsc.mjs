import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ROOT } from "./wrangler.mjs";

const TSC = fileURLToPath(new URL("./bin/tsc", import.meta.resolve("typescript/package.json")));

/** @returns whether the project compiles; what is wrong with it has then been printed */
export async function compile(project) {
  const child = spawn(process.execPath, [TSC, "-p", project], { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code === 0));
  });
}
