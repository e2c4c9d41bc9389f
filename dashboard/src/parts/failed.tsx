import { ApiError, askAgain } from "../app/api.ts";
import { Icon } from "./icon.tsx";

/** A read that has failed, which is told apart from one that has found nothing. */
export function Failed({ error, what, onRetry }: { error: unknown; what: string; onRetry?: () => void }) {
  const isUnknown = error instanceof ApiError && error.status === 401;
  return (
    <div class="failed" role="alert">
      <Icon name="triangle-alert" size={20} />
      <div>
        <p class="failed-title">{what} could not be read.</p>
        <p class="failed-text">{messageOf(error)}</p>
      </div>
      {onRetry !== undefined && (
        <button
          type="button"
          class="button"
          onClick={() => {
            askAgain();
            onRetry();
          }}
        >
          <Icon name={isUnknown ? "key-round" : "rotate-ccw"} /> {isUnknown ? "Enter a token" : "Try again"}
        </button>
      )}
    </div>
  );
}

/** What has gone wrong, for the reader, with the server's code where there is one. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError) return error.errorCode ? `${error.message} (${error.errorCode})` : error.message;
  return error instanceof Error ? error.message : String(error);
}
