export function Page() {
  return (
    <section class="page">
      <h1>Failures</h1>
    </section>
  );
}
