// Whether the server that `wrangler dev` is about to start has a secret that its callers have to send: DAPR_API_TOKEN, or DAPR_API_TOKENS.

import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ROOT } from "./wrangler.mjs";

/** Whether only this machine can reach what listens there. */
export function isLoopback(ip) {
  return ip === "localhost" || ip === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(ip);
}

/** Whether there is anything at all that wrangler reads secrets from. */
export function mayHaveToken(args) {
  return (
    args.some((argument) => /^--(var|env-file|config)(=|$)|^-c|DAPR_API_TOKEN/.test(argument)) ||
    readdirSync(ROOT).some((name) => /^\.(dev\.vars|env)/.test(name)) ||
    /DAPR_API_TOKEN/.test(readFileSync(resolve(ROOT, "wrangler.toml"), "utf8")) ||
    process.env.CLOUDFLARE_INCLUDE_PROCESS_ENV !== undefined
  );
}

/**
 * Looks where wrangler does, by its own function: `.dev.vars`, `.env` files, `vars` of the configuration, `--var`. Takes a second,
 * because all of wrangler is loaded.
 */
export async function hasApiToken(args, values) {
  if (args.some((argument) => /^(--var=)?DAPR_API_TOKEN(S(_\d+)?)?:\s*\S/.test(argument))) return true;
  const { unstable_getVarsForDev: varsForDev, unstable_readConfig: readConfig } = await import("wrangler");
  const env = values.env ?? process.env.CLOUDFLARE_ENV;
  const before = process.cwd();
  process.chdir(ROOT);
  try {
    const { configPath, vars, secrets } = readConfig({ config: values.config, env }, { hideWarnings: true });
    const files = values["env-file"]?.map((file) => resolve(ROOT, file));
    const found = Object.entries(varsForDev(configPath, files, vars, env, true, secrets));
    return found.some(
      ([name, { value }]) =>
        /^DAPR_API_TOKEN(S(_\d+)?)?$/.test(name) && typeof value === "string" && value.trim() !== "",
    );
  } finally {
    process.chdir(before);
  }
}
