/** Pages that are linked and are written elsewhere: links to them are right before they are there. */
export const PAGES_TO_COME: readonly string[] = ["docs/testing.md", "docs/dapr-drop-in.md", "docs/conformance.md"];
