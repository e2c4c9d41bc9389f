import type { Command } from "commander";
import { formatTokenLine, makeToken } from "../../src/http/tokens.ts";
import { type Called, type Format, operandOf, output, runs } from "../command.ts";
import { usage } from "../errors.ts";
import { readStdin } from "../stdin.ts";
import { note, writeJson, writeLine } from "../terminal/output.ts";
import { momentOf } from "../times.ts";

/*
 * `token`: makes a token and the line that lets it in. Nothing is sent anywhere, and nothing kept. How a line is written is the server's
 * to know: this is the one command that has code of the library in it.
 */

interface Flags {
  readonly role?: string;
  readonly expires?: string;
  readonly prefix?: string;
  readonly stdin?: true;
  readonly output: Format;
}

const ROLES = ["viewer", "starter", "operator", "admin"] as const;

export function addToken(program: Command): void {
  const command = program
    .command("token")
    .summary("make a token, and its line for DAPR_API_TOKENS")
    .description(
      "Make a token, and its line for the secret DAPR_API_TOKENS. The token is shown once; the server has its hash alone.",
    )
    .argument("<name>", "whose it is: it stands in the log and in histories")
    .option("--role <role>", `what it may do. One of ${ROLES.join(", ")}`)
    .option(
      "--expires <time>",
      "until when it counts: a day, a time, or a duration such as 720h or 30d (default: for ever)",
    )
    .option("--prefix <text>", "only for instances whose IDs begin so (default: for all)")
    .option("--stdin", "the line of a token that there is already, which is read from stdin");
  runs<Flags>(output(command, ["short", "json"]), token);
}

async function token({ operands, options }: Called<Flags>): Promise<void> {
  const { expires, prefix, stdin } = options;
  const role = ROLES.find((one) => one === options.role);
  if (role === undefined) {
    const found = options.role === undefined ? "--role says what it may do" : "invalid value for --role";
    throw usage(`${found}. Supported values are ${ROLES.join(", ")}`);
  }
  const asked = {
    name: operandOf(operands),
    role,
    expiry: expires === undefined ? undefined : expiryOf(expires),
    prefix,
  };
  const made = await refusing(async () => {
    if (stdin !== true) return makeToken(asked);
    const given = await readStdin("a token");
    return { token: given, line: formatTokenLine(asked, given) };
  });
  if (options.output === "json") return writeJson(made);
  await writeLine(`Token:  ${stdin === true ? "(as given)" : made.token}`);
  await writeLine(`Line:   ${made.line}`);
  note(
    "Give the token to whoever is to have it, and add the line to the secret: npx wrangler secret put DAPR_API_TOKENS",
  );
}

/** A day stays one, so that the line says what was meant. */
function expiryOf(text: string): string {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const at = momentOf("--expires", days === undefined ? text : `${Number(days) * 24}h`, "future");
  if (at.getTime() <= Date.now()) throw usage(`--expires is a time to come, found ${JSON.stringify(text)}`);
  if (isDay) return text;
  return `${at.toISOString().slice(0, 19)}Z`;
}

async function refusing<T>(make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof RangeError) throw usage(error.message);
    throw error;
  }
}
