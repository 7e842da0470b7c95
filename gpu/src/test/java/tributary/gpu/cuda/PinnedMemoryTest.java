package tributary.gpu.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the bus may read where it is, and that it is read from there. */
class PinnedMemoryTest {
  private static final long BYTES = 4096;

  private final RecordingDriver driver = new RecordingDriver();
  private final PinnedMemory pinned = new PinnedMemory(driver);
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment memory = arena.allocate(3 * BYTES);
  private final MemorySegment middle = memory.asSlice(BYTES, BYTES);

  @AfterEach
  void free() {
    arena.close();
  }

  @Test
  void covers_what_lies_wholly_within_what_is_pinned() {
    Runnable _ = pinned.pin(middle);
    assertThat(pinned.covers(middle)).isTrue();
    assertThat(pinned.covers(middle.asSlice(1, BYTES - 1))).isTrue();
    assertThat(pinned.covers(memory.asSlice(BYTES, BYTES + 1))).isFalse();
    assertThat(pinned.covers(memory.asSlice(BYTES - 1, 2))).isFalse();
    assertThat(pinned.covers(memory.asSlice(2 * BYTES, 1))).isFalse();
    assertThat(pinned.covers(MemorySegment.ofArray(new byte[1]))).isFalse();
  }

  @Test
  void covers_nothing_once_it_is_let_go_of_and_lets_go_once() {
    Runnable unpin = pinned.pin(middle);
    unpin.run();
    unpin.run();
    assertThat(pinned.covers(middle)).isFalse();
    assertThat(driver.takeCalls()).containsExactly("pin", "unpin");
  }

  @Test
  void is_not_given_back_to_a_context_that_is_gone() {
    Runnable unpin = pinned.pin(middle);
    pinned.forget();
    unpin.run();
    assertThat(driver.takeCalls()).containsExactly("pin");
  }

  @Test
  void stays_as_it_is_where_the_system_refuses() {
    driver.refusePinning();
    pinned.pin(middle).run();
    assertThat(pinned.covers(middle)).isFalse();
    assertThat(driver.held()).isZero();
  }

  @Test
  void is_let_go_of_even_where_the_device_has_failed() {
    Runnable unpin = pinned.pin(middle);
    driver.failUnpinning();
    unpin.run();
    assertThat(pinned.covers(middle)).isFalse();
  }

  @Test
  void is_copied_from_where_it_is_and_other_memory_from_the_ring() {
    Runnable _ = pinned.pin(middle);
    try (var ring = new StagingRing(driver, pinned, driver.createStream())) {
      ring.copy(0, middle);
      ring.copy(0, memory);
    }
    assertThat(driver.takeSources())
        .satisfiesExactly(
            first -> assertThat(first).isEqualTo(middle),
            second -> assertThat(second.address()).isNotEqualTo(memory.address()));
  }
}
