import { useState } from "preact/hooks";
import { Icon } from "./icon.tsx";

const SHOWN_MS = 1_500;

/** Copies `text`, and says so. `label` names what is copied. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const [state, setState] = useState<"idle" | "copied" | "refused">("idle");
  const copy = async () => {
    setState(await copyText(text));
    setTimeout(() => setState("idle"), SHOWN_MS);
  };
  const said = state === "copied" ? "Copied" : state === "refused" ? "The browser refuses to copy" : label;
  return (
    <button type="button" class="button-icon" aria-label={said} title={said} onClick={copy}>
      <Icon name={state === "copied" ? "check" : state === "refused" ? "x" : "copy"} size={14} />
    </button>
  );
}

/** Pages that are not served over https, or from this machine, have no clipboard of their own. */
async function copyText(text: string): Promise<"copied" | "refused"> {
  try {
    await navigator.clipboard.writeText(text);
    return "copied";
  } catch {
    return "refused";
  }
}
