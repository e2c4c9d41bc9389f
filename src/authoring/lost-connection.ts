import { WorkflowApiError } from "./client-errors.ts";

/*
 * When a question is asked again. Only questions are: of a request that changes something nobody knows, once its connection
 * is lost, whether it was heard. What the server has answered is never asked again, whatever it says.
 */

/** The answer began and did not end, or did not come in its time. */
export class CutOffError extends TypeError {
  override readonly name = "CutOffError";
}

/** Whoever made the request has ended it. */
const ENDED_BY_CALLER = new Set(["AbortError", "TimeoutError"]);
/** What a proxy answers when it does not reach the server, or lets nobody through just now; 520 to 524 and 530 are Cloudflare's. */
const PROXY_STATUSES = new Set([408, 429, 502, 503, 504, 520, 521, 522, 523, 524, 530]);
/** Node's and undici's codes. */
const LOST_CODES =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOST\w+|ENET\w+|EAI_AGAIN|ENOTFOUND|UND_ERR_(SOCKET|CLOSED|\w+_TIMEOUT))$/;
/** Browsers, Node and workerd have no code; these are their words. */
const LOST_WORDS =
  /fetch failed|failed to fetch|networkerror|load failed|terminated|network connection|connection.*(lost|reset|closed|refused)|socket|disconnected|premature close/i;

/** Whether nobody has answered, so that the question may be asked again. */
export function isLost(error: unknown): boolean {
  if (error instanceof CutOffError) return true;
  // Without an error code of ours it is not the API that has answered.
  if (error instanceof WorkflowApiError) return error.errorCode === "ERROR" && PROXY_STATUSES.has(error.status);
  if (!(error instanceof Error) || ENDED_BY_CALLER.has(error.name)) return false;
  if ((error as { retryable?: unknown }).retryable === true) return true;
  if (hasLostCode(error) || hasLostCode(error.cause)) return true;
  // Node says "fetch failed" of everything, of a certificate or an address that is none too. Its reason is in the cause.
  return LOST_WORDS.test((error.cause instanceof Error ? error.cause : error).message);
}

function hasLostCode(error: unknown): boolean {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" && LOST_CODES.test(code);
}

/** How often a question without a time limit is asked. */
export const MAX_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/** The pause after so many failures in a row (from 1): doubling, at most 5 s, and between half and all of that by chance. */
export function pauseMs(failures: number): number {
  const most = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
  return (most * (1 + Math.random())) / 2;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks until there is an answer, five times at most; then rejects as the last attempt did. */
export async function askAgain<T>(ask: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await ask();
    } catch (error) {
      if (failures >= MAX_ATTEMPTS || !isLost(error)) throw error;
      await sleep(pauseMs(failures));
    }
  }
}
