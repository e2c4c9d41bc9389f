export function Page() {
  return (
    <section class="page">
      <h1>Catalog</h1>
    </section>
  );
}
