/** As RFC 3339 writes it, without milliseconds where there are none. */
export function formatTime(atMs: number): string {
  return new Date(atMs).toISOString().replace(".000Z", "Z");
}
