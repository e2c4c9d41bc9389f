import { CopyButton } from "./copy-button.tsx";

/** What a reader may take along to a terminal or a file. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <div class="code">
      <code>{text}</code>
      <CopyButton text={text} label={label} />
    </div>
  );
}
