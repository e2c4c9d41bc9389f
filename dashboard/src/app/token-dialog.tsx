import { useState } from "preact/hooks";
import { Dialog } from "../parts/dialog.tsx";
import { refuseToken, setToken } from "./api.ts";

/** Asked for once in a tab; the calls that wait for it go on after it. */
export function TokenDialog({ why }: { why: string }) {
  const [token, set] = useState("");
  return (
    <Dialog title="This server asks for a token" onClose={refuseToken}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim() !== "") setToken(token.trim());
        }}
      >
        <p class="quiet">The server says: {why}</p>
        <label class="field">
          <span>Token</span>
          <input
            type="password"
            autocomplete="off"
            data-autofocus
            value={token}
            onInput={(event) => set(event.currentTarget.value)}
          />
        </label>
        <p class="quiet">
          It is the secret <code>DAPR_API_TOKEN</code>, or one of <code>DAPR_API_TOKENS</code>, of the Worker. It stays
          in this tab, and goes when the tab is closed. To set one: <code>npx wrangler secret put DAPR_API_TOKEN</code>
        </p>
        <div class="form-end">
          <button type="submit" class="button button-main" disabled={token.trim() === ""}>
            Go on
          </button>
        </div>
      </form>
    </Dialog>
  );
}
