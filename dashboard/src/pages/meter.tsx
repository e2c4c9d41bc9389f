/** How much of something; with a label it stands for itself, without one beside its number. */
export function Meter({ value, most, label }: { value: number; most: number; label?: string }) {
  const width = most <= 0 ? 0 : Math.min(100, (value / most) * 100);
  return (
    <svg
      class="meter"
      viewBox="0 0 100 6"
      preserveAspectRatio="none"
      role={label === undefined ? undefined : "img"}
      aria-label={label}
      aria-hidden={label === undefined ? "true" : undefined}
      focusable="false"
    >
      <rect width={width} height="6" />
    </svg>
  );
}
