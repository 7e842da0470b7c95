package tributary.gpu.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class WorkerTeamTest {
  @ParameterizedTest(name = "{0} threads")
  @ValueSource(ints = {1, 2, 5})
  void every_chunk_of_every_region_is_computed_once(int threads) {
    try (WorkerTeam team = WorkerTeam.start(threads)) {
      for (int region = 0; region < 2000; region++) {
        int chunks = region % 37;
        var counts = new AtomicIntegerArray(37);
        team.run(chunks, (chunk, _) -> counts.incrementAndGet(chunk));
        for (int chunk = 0; chunk < 37; chunk++) {
          assertThat(counts.get(chunk)).isEqualTo(chunk < chunks ? 1 : 0);
        }
      }
    }
  }

  @Test
  void a_worker_number_belongs_to_one_running_chunk() {
    try (WorkerTeam team = WorkerTeam.start(4)) {
      var running = new AtomicIntegerArray(4);
      var overlaps = new AtomicInteger();
      for (int region = 0; region < 500; region++) {
        team.run(
            16,
            (_, worker) -> {
              if (running.incrementAndGet(worker) != 1) {
                overlaps.incrementAndGet();
              }
              running.decrementAndGet(worker);
            });
      }
      assertThat(overlaps).hasValue(0);
    }
  }

  @Test
  void what_a_chunk_wrote_is_seen_after_the_region() {
    try (WorkerTeam team = WorkerTeam.start(3)) {
      int[] values = new int[64];
      for (int region = 1; region < 1000; region++) {
        int value = region;
        team.run(values.length, (chunk, _) -> values[chunk] = value);
        assertThat(values).containsOnly(value);
      }
    }
  }

  @Test
  void what_any_chunk_throws_reaches_the_caller_and_the_team_goes_on() {
    try (WorkerTeam team = WorkerTeam.start(3)) {
      for (int region = 0; region < 100; region++) {
        int bad = region % 8;
        assertThatThrownBy(() ->
                team.run(
                    8,
                    (chunk, _) -> {
                      if (chunk == bad) {
                        throw new IllegalStateException("chunk " + chunk);
                      }
                    }))
            .hasMessage("chunk " + bad);
        var done = new AtomicInteger();
        team.run(8, (_, _) -> done.incrementAndGet());
        assertThat(done).hasValue(8);
      }
    }
  }

  @Test
  void an_idle_team_uses_no_processor() {
    try (WorkerTeam team = WorkerTeam.start(2)) {
      Thread worker = workerOf(team);
      await(() -> worker.getState() == Thread.State.WAITING);
      var done = new AtomicInteger();
      team.run(100, (_, _) -> done.incrementAndGet());
      assertThat(done).hasValue(100);
      await(() -> worker.getState() == Thread.State.WAITING);
    }
  }

  @Test
  void a_closed_team_has_no_threads_and_refuses_work() {
    WorkerTeam team = WorkerTeam.start(2);
    Thread worker = workerOf(team);
    team.close();
    assertThat(worker.isAlive()).isFalse();
    assertThatThrownBy(() -> team.run(1, (_, _) -> {})).hasMessageContaining("closed");
  }

  /** The thread that takes part beside the caller: both have to, as each waits for the other. */
  private static Thread workerOf(WorkerTeam team) {
    var met = new AtomicInteger();
    var other = new Thread[2];
    team.run(
        2,
        (_, worker) -> {
          other[worker] = Thread.currentThread();
          met.incrementAndGet();
          await(() -> met.get() == 2);
        });
    return other[1];
  }

  private static void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      Thread.onSpinWait();
    }
  }
}
