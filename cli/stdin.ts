import { usage } from "./errors.ts";

/** What is piped in, without white space around it. */
export async function readStdin(what: string): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
  const given = text.trim();
  if (given === "") throw usage(`${what} is expected on stdin, found nothing`);
  return given;
}
