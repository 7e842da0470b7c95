package tributary.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Who is cut when the server's time is up. */
class OpenAnswersTest {
  private final OpenAnswers open = new OpenAnswers();
  private final AtomicInteger cuts = new AtomicInteger();
  private final Runnable cut = cuts::incrementAndGet;

  @Test
  void the_rest_is_cut_and_what_has_ended_is_not() {
    Runnable ended = () -> cuts.addAndGet(100);
    open.enter();
    open.begin(ended);
    open.enter();
    open.begin(cut);
    open.leave(ended);
    open.cutRest();
    assertThat(cuts).hasValue(1);
  }

  @Test
  void an_answer_that_begins_after_the_rest_was_cut_is_cut_at_once() {
    open.enter();
    open.cutRest();
    open.begin(cut);
    assertThat(cuts).hasValue(1);
  }

  @Test
  void a_drain_ends_with_the_last_answer() {
    open.enter();
    open.begin(cut);
    var drained = open.drain().toCompletableFuture();
    assertThat(drained).isNotDone();
    open.leave(cut);
    assertThat(drained).isCompleted();
    assertThat(cuts).hasValue(0);
  }
}
