export function Page() {
  return (
    <section class="page">
      <h1>Start a workflow</h1>
    </section>
  );
}
