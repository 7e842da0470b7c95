package tributary.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PageAllocatorTest {
  private static final int[] NONE = {};
  private final PageAllocator pool = new PageAllocator(4);

  @Test
  void a_table_grows_by_a_new_one_and_the_old_one_stays_as_it_was() {
    int[] first = pool.extend(NONE, 2);
    int[] second = pool.extend(first, 1);
    assertThat(first).containsExactly(0, 1);
    assertThat(second).containsExactly(0, 1, 2);
    assertThat(pool.usedCount()).isEqualTo(3);
  }

  @Test
  void released_pages_are_handed_out_again() {
    pool.release(pool.extend(NONE, 4));
    assertThat(pool.freeCount()).isEqualTo(4);
    assertThat(pool.extend(NONE, 4)).containsExactlyInAnyOrder(0, 1, 2, 3);
  }

  @Test
  void more_pages_than_are_free_is_a_fault() {
    assertThatThrownBy(() -> pool.extend(NONE, 5))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("wanted 5, free 4");
  }

  @Test
  void releasing_a_page_twice_is_a_fault() {
    int[] table = pool.extend(NONE, 1);
    pool.release(table);
    assertThatThrownBy(() -> pool.release(table)).isInstanceOf(AssertionError.class);
  }
}
