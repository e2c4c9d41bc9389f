/** What the process ends with; docs/cli.md has the table. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAuthorised: 4,
  endedOtherwise: 5,
  timedOut: 124,
  /** Ctrl-C: 128 and the number of the signal, as shells have it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What a person is told, in one line on stderr, and no stack. */
export class CliError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The command was not written as it has to be. */
export function usage(message: string): CliError {
  return new CliError(message, EXIT.usage);
}

/** What the server has refused. */
export class ServerError extends CliError {
  readonly status: number;
  readonly errorCode: string;

  constructor(status: number, errorCode: string, message: string) {
    super(message, exitCodeOf(status, errorCode, message));
    this.status = status;
    this.errorCode = errorCode;
  }
}

/** Raise, suspend and resume of an instance that is not there are 500 in Dapr, and the text alone says why. */
const NO_INSTANCE = "no such instance exists";

function exitCodeOf(status: number, errorCode: string, message: string): ExitCode {
  if (status === 401 || status === 403) return EXIT.notAuthorised;
  // A wrong value is one, whoever finds it.
  if (status === 400 && errorCode === "ERR_MALFORMED_REQUEST") return EXIT.usage;
  if (status === 500 && message.endsWith(NO_INSTANCE)) return EXIT.notFound;
  // An address that is not that of the API is no instance that is missing.
  if (status === 404 && errorCode !== "ERR_DIRECT_INVOKE" && errorCode !== "ERROR") return EXIT.notFound;
  return EXIT.failed;
}
