export function Page() {
  return (
    <section class="page">
      <h1>Instance</h1>
    </section>
  );
}
