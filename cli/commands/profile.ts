import type { Command } from "commander";
import { type Called, operandOf, runs } from "../command.ts";
import { type ExitCode, usage } from "../errors.ts";
import {
  checkProfileName,
  type Profile,
  profileNamed,
  profilesFile,
  readProfiles,
  writeProfiles,
} from "../profiles.ts";
import { serverUrl } from "../settings.ts";
import { readStdin } from "../stdin.ts";
import { info, note, writeTable } from "../terminal/output.ts";

/*
 * `profile`: servers by name. Tokens are written, and never shown.
 */

interface SetFlags {
  readonly url?: string;
  readonly token?: string;
  readonly tokenStdin?: true;
  readonly component?: string;
}

export function addProfile(program: Command): void {
  const group = program
    .command("profile")
    .summary("keep servers under names")
    .description("Keep servers under names, in a file that its owner alone may read.");
  const set = group
    .command("set")
    .description("Make a profile, or change what is named of it. The first is used from then on.")
    .argument("<name>", "its name")
    .option("--url <url>", "where the server is")
    .option("--token <token>", "its token; --token-stdin keeps it out of the shell's history")
    .option("--token-stdin", "read its token from stdin")
    .option("--component <name>", "the component in the paths of the API");
  runs<SetFlags>(set, setProfile);
  runs(group.command("list").alias("ls").description("List profiles, without their tokens."), listProfiles);
  const use = group
    .command("use")
    .description("Use a profile where --profile and EDGE_WORKFLOWS_PROFILE name none.")
    .argument("<name>", "its name");
  runs(use, async ({ operands }) => {
    const name = operandOf(operands);
    const profiles = readProfiles();
    profileNamed(name, profiles);
    writeProfiles({ ...profiles, current: name });
    await info(`Profile '${name}' is used now`);
  });
  runs(group.command("delete").description("Delete a profile.").argument("<name>", "its name"), deleteProfile);
}

async function setProfile({ operands, options }: Called<SetFlags>): Promise<void> {
  const name = checkProfileName(operandOf(operands));
  const { url, component, tokenStdin } = options;
  if (tokenStdin === true && options.token !== undefined) throw usage("either --token or --token-stdin, found both");
  const token = tokenStdin === true ? await readStdin("a token") : options.token;
  const { current, profiles } = readProfiles();
  const given: Profile = {
    ...(url !== undefined && { url: serverUrl(url) }),
    ...(token !== undefined && { token }),
    ...(component !== undefined && { component }),
  };
  if (Object.keys(given).length === 0) throw usage("--url, --token or --component say what the profile is to have");
  const before = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (given.url !== undefined && before?.token !== undefined && given.token === undefined && given.url !== before.url)
    note(`The token of '${name}' goes to ${given.url} from now on`);
  writeProfiles({ current: current ?? name, profiles: { ...profiles, [name]: { ...before, ...given } } });
  await info(`Profile '${name}' set in ${profilesFile()}`);
}

async function listProfiles(): Promise<void> {
  const { current, profiles } = readProfiles();
  const rows = Object.entries(profiles).map(([name, profile]) => ({ name, ...profile }));
  if (rows.length === 0) return note("There is no profile. Make one with: edge-workflows profile set NAME --url URL");
  await writeTable(
    [
      { title: "CURRENT", value: ({ name }) => (name === current ? "*" : "") },
      { title: "NAME", value: ({ name }) => name },
      { title: "URL", value: ({ url = "" }) => url },
      { title: "COMPONENT", value: ({ component = "" }) => component },
      { title: "TOKEN", value: ({ token }) => (token === undefined ? "" : "set") },
    ],
    rows,
  );
}

async function deleteProfile({ operands }: Called<unknown>): Promise<ExitCode | undefined> {
  const name = operandOf(operands);
  const { current, profiles } = readProfiles();
  profileNamed(name, { profiles });
  const { [name]: _, ...others } = profiles;
  writeProfiles({ ...(current !== undefined && current !== name && { current }), profiles: others });
  await info(`Profile '${name}' deleted`);
  return undefined;
}
