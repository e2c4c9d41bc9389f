export function Page() {
  return (
    <section class="page">
      <h1>Limits</h1>
    </section>
  );
}
