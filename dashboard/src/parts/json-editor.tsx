import { useId } from "preact/hooks";
import { checkJson, readable } from "./json-text.ts";

/** A text of JSON in a plain text area, with the place of what is wrong. Empty is allowed: no payload. */
export function JsonEditor({
  value,
  onChange,
  label,
  rows = 8,
}: {
  value: string;
  onChange: (value: string) => void;
  label: string;
  rows?: number;
}) {
  const id = useId();
  const problem = checkJson(value);
  return (
    <div class="editor">
      <div class="editor-head">
        <label htmlFor={id}>{label}</label>
        <button
          type="button"
          class="button-small"
          disabled={value === "" || problem !== undefined}
          onClick={() => onChange(readable(value))}
        >
          Format
        </button>
      </div>
      <textarea
        id={id}
        class="editor-text"
        rows={rows}
        spellcheck={false}
        autocomplete="off"
        value={value}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-problem`}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <p id={`${id}-problem`} class="editor-problem" aria-live="polite">
        {problem !== undefined && `Line ${problem.line}, column ${problem.column}: ${problem.message}`}
      </p>
    </div>
  );
}
