export function Page() {
  return (
    <section class="page">
      <h1>Instances</h1>
    </section>
  );
}
