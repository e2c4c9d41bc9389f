// Server-Sent Events as the API writes them, read by tests of every kind.
export interface Frame {
  readonly id?: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Of text that is made of whole frames; heartbeats and the like are left out. */
export function framesIn(text: string): Frame[] {
  return text
    .split("\n\n")
    .filter((part) => part !== "" && part !== ":" && part !== "retry: 1000")
    .map((part) => {
      const fields = Object.fromEntries(part.split("\n").map((line) => line.split(/: (.*)/s)));
      const { id, event, data, ...others } = fields;
      if (Object.keys(others).length > 0) throw new Error(`no frame: ${part}`);
      return { ...(id !== undefined && { id }), event, data: JSON.parse(data) };
    });
}
