export function Page() {
  return (
    <section class="page">
      <h1>Bulk jobs</h1>
    </section>
  );
}
