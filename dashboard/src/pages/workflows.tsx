export function Page() {
  return (
    <section class="page">
      <h1>Workflows</h1>
    </section>
  );
}
