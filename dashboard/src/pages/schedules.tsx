export function Page() {
  return (
    <section class="page">
      <h1>Schedules</h1>
    </section>
  );
}
