package tributary.scheduling.residency;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.Nanos;

class ResidencyTest {
  private static final Nanos AGE_MAX = Nanos.ofMillis(100);
  private static final DeltaKey A = key("a");
  private static final DeltaKey B = key("b");
  private static final DeltaKey C = key("c");

  private Residency residency = residency(null, 8);
  private Nanos now = Nanos.ofMillis(1_000);

  @Test
  void a_paused_delta_stays_at_its_floor_until_it_is_resumed() {
    Residency residency = residency(null, 10);
    var key = new DeltaKey(new DeltaId("paused"), 1);
    residency.register(key, planes(3), DeltaTerms.DEFAULT);
    residency.pause(key);
    residency.wanted(key, Nanos.ZERO);
    List<DeltaMove> first = residency.decide(Nanos.ZERO);
    assertThat(first).hasSize(1);
    residency.done(first.getFirst(), Nanos.ZERO);
    residency.taken(key);
    assertThat(residency.decide(Nanos.ZERO)).isEmpty();
    residency.resume(key);
    assertThat(residency.decide(Nanos.ZERO)).hasSize(1);
  }

  @Test
  void a_delta_comes_at_its_first_plane_and_rises_in_place_while_it_is_needed() {
    add(A, 4);
    residency.wanted(A, now);
    assertThat(moves()).containsExactly("a DEVICE 0>1");
    assertThat(residency.width(A)).isEqualTo(1);
    residency.taken(A);
    assertThat(moves()).containsExactly("a DEVICE 1>2");
    assertThat(moves()).containsExactly("a DEVICE 2>3");
    assertThat(moves()).containsExactly("a DEVICE 3>4");
    assertThat(moves()).isEmpty();
    assertThat(residency.width(A)).isEqualTo(4);
  }

  @Test
  void a_floor_is_loaded_at_once_and_never_undercut() {
    residency.register(A, planes(4), new DeltaTerms(3, false));
    residency.wanted(A, now);
    assertThat(moves()).containsExactly("a DEVICE 0>3");
    residency.taken(A);
    settle();
    residency.left(A);
    add(B, 4);
    residency.wanted(B, now);
    moves();
    residency.taken(B);
    settle();
    add(C, 2);
    residency.wanted(C, now);
    assertThat(moves()).as("8 of 8 are taken").containsExactly("a DEVICE 4>3");
    assertThat(residency.width(A)).isEqualTo(3);
  }

  @Test
  void a_welcome_delta_takes_the_room_of_idle_ones() {
    use(A, 4);
    residency.left(A);
    use(B, 4);
    add(C, 3);
    assertThat(residency.welcome(C, now)).isTrue();
    assertThat(moves()).containsExactly("a DEVICE 4>1");
    assertThat(moves()).containsExactly("c DEVICE 0>1");
  }

  @Test
  void a_welcome_delta_is_turned_away_where_all_are_in_use() {
    use(A, 4);
    use(B, 4);
    add(C, 1);
    assertThat(residency.welcome(C, now)).isFalse();
    now = now.plus(AGE_MAX).plus(AGE_MAX);
    assertThat(moves()).isEmpty();
    assertThat(residency.forget(C)).isTrue();
  }

  @Test
  void a_welcome_delta_whose_room_was_needed_waits_without_taking_any() {
    use(A, 4);
    use(B, 4);
    residency.left(B);
    add(C, 1);
    assertThat(residency.welcome(C, now)).isTrue();
    residency.taken(B);
    now = now.plus(AGE_MAX).plus(AGE_MAX);
    assertThat(moves()).isEmpty();
    assertThat(residency.width(A)).isEqualTo(4);
    assertThat(residency.width(B)).isEqualTo(4);
  }

  @Test
  void what_is_asked_for_comes_before_what_is_welcome() {
    use(A, 4);
    residency.left(A);
    use(B, 4);
    add(C, 1);
    var asked = new DeltaKey(new DeltaId("asked"), 1);
    residency.register(asked, planes(4), new DeltaTerms(4, false));
    assertThat(residency.welcome(C, now)).isTrue();
    residency.wanted(asked, now.plus(AGE_MAX));
    assertThat(moves()).containsExactly("a DEVICE 4>1");
    assertThat(moves()).containsExactly("a DEVICE 1>0");
    assertThat(moves()).containsExactly("asked DEVICE 0>4");
  }

  @Test
  void planes_of_idle_deltas_go_before_whole_deltas() {
    use(A, 4);
    residency.left(A);
    use(B, 4);
    add(C, 1);
    residency.wanted(C, now);
    assertThat(moves()).containsExactly("a DEVICE 4>1");
    assertThat(moves()).containsExactly("c DEVICE 0>1");
    assertThat(residency.load().evictions()).isZero();
    assertThat(residency.load().planesDropped()).isEqualTo(3);
  }

  @Test
  void a_delta_that_is_used_often_outlives_one_that_was_used_once() {
    use(A, 4);
    residency.left(A);
    residency.taken(A);
    residency.left(A);
    use(B, 4);
    residency.left(B);
    residency.register(C, planes(7), new DeltaTerms(7, false));
    residency.wanted(C, now);
    assertThat(moves()).containsExactly("b DEVICE 4>1", "a DEVICE 4>1");
    assertThat(moves()).containsExactly("b DEVICE 1>0");
    assertThat(moves()).containsExactly("c DEVICE 0>7");
    assertThat(residency.tier(A)).isEqualTo(Tier.HOT);
    assertThat(residency.tier(B)).isEqualTo(Tier.COLD);
  }

  @Test
  void what_is_in_use_stays_until_another_has_waited_for_the_age_bound() {
    use(A, 4);
    use(B, 4);
    add(C, 4);
    residency.wanted(C, now);
    assertThat(moves()).isEmpty();
    now = now.plus(AGE_MAX).plus(new Nanos(1));
    List<DeltaMove> eviction = residency.decide(now);
    assertThat(eviction).extracting(ResidencyTest::text).containsExactly("a DEVICE 4>0");
    assertThat(residency.decide(now)).as("what leaves is enough").isEmpty();
    residency.left(A);
    residency.done(eviction.getFirst(), now);
    assertThat(moves()).containsExactly("c DEVICE 0>1");
  }

  @Test
  void a_pinned_delta_is_there_before_anybody_asks_and_is_not_evicted() {
    residency.register(A, planes(4), new DeltaTerms(1, true));
    assertThat(moves()).containsExactly("a DEVICE 0>1");
    settle();
    residency.register(B, planes(7), new DeltaTerms(7, false));
    residency.wanted(B, now);
    assertThat(moves()).containsExactly("a DEVICE 4>1");
    assertThat(moves()).containsExactly("b DEVICE 0>7");
    assertThat(residency.width(A)).isEqualTo(1);
  }

  @Test
  void pins_that_leave_no_room_are_refused() {
    residency.register(A, planes(6), new DeltaTerms(6, false));
    assertThat(residency.register(B, planes(4), new DeltaTerms(3, true)))
        .hasValueSatisfying(
            refusal -> assertThat(refusal.message()).contains("pinned", "has 8", "unpin"));
    assertThat(residency.register(B, planes(4), new DeltaTerms(2, true))).isEmpty();
  }

  @Test
  void a_delta_that_no_budget_holds_is_refused() {
    assertThat(residency.register(A, planes(9), new DeltaTerms(9, false))).isPresent();
    assertThat(residency.register(A, planes(9), DeltaTerms.DEFAULT)).isEmpty();
  }

  @Test
  void a_delta_goes_through_memory_that_is_not_the_devices() {
    residency = residency(new Bytes(8), 4);
    add(A, 2);
    residency.wanted(A, now);
    List<DeltaMove> read = residency.decide(now);
    assertThat(read).extracting(ResidencyTest::text).containsExactly("a RAM 0>1");
    assertThat(residency.tier(A)).isEqualTo(Tier.WARMING);
    residency.done(read.getFirst(), now);
    assertThat(residency.tier(A)).isEqualTo(Tier.WARM);
    List<DeltaMove> promotion = residency.decide(now);
    assertThat(promotion).extracting(ResidencyTest::text).containsExactly("a DEVICE 0>1");
    assertThat(residency.tier(A)).isEqualTo(Tier.PROMOTING);
    residency.done(promotion.getFirst(), now);
    assertThat(residency.tier(A)).isEqualTo(Tier.HOT);
  }

  @Test
  void a_copy_of_what_the_device_has_leaves_memory_first() {
    residency = residency(new Bytes(2), 8);
    use(A, 2);
    add(B, 2);
    residency.wanted(B, now);
    assertThat(moves()).containsExactly("a RAM 2>0");
    assertThat(moves()).containsExactly("b RAM 0>1");
    assertThat(residency.width(A)).as("is computed with all the while").isEqualTo(2);
  }

  @Test
  void a_failed_load_is_tried_again_only_when_somebody_asks_again() {
    add(A, 4);
    residency.wanted(A, now);
    residency.failed(residency.decide(now).getFirst());
    assertThat(residency.load().device()).isEqualTo(Bytes.ZERO);
    assertThat(moves()).isEmpty();
    residency.wanted(A, now);
    assertThat(moves()).containsExactly("a DEVICE 0>1");
  }

  @Test
  void a_delta_is_forgotten_when_it_lies_nowhere_any_more() {
    use(A, 2);
    assertThat(residency.forget(A)).isFalse();
    residency.left(A);
    residency.release(A).forEach(move -> residency.done(move, now));
    assertThat(residency.forget(A)).isTrue();
    add(A, 2);
  }

  private void use(DeltaKey key, int planes) {
    add(key, planes);
    residency.wanted(key, now);
    while (residency.width(key) == 0) {
      assertThat(moves()).isNotEmpty();
    }
    residency.taken(key);
    settle();
  }

  private void add(DeltaKey key, int planes) {
    assertThat(residency.register(key, planes(planes), DeltaTerms.DEFAULT)).isEmpty();
  }

  private void settle() {
    while (!moves().isEmpty()) {
      // Each round brings a plane.
    }
  }

  /** Decides and carries out; tells what. */
  private List<String> moves() {
    List<DeltaMove> moves = residency.decide(now);
    moves.forEach(move -> residency.done(move, now));
    return moves.stream().map(ResidencyTest::text).toList();
  }

  private static String text(DeltaMove move) {
    return "%s %s %d>%d".formatted(move.key().id(), move.place(), move.from(), move.to());
  }

  private static DeltaKey key(String name) {
    return new DeltaKey(new DeltaId(name), 1);
  }

  /** A byte a plane. */
  static Footprint planes(int count) {
    return new Footprint(LongStream.rangeClosed(1, count).mapToObj(Bytes::new).toList());
  }

  static Residency residency(@Nullable Bytes ram, long device) {
    return new Residency(new ResidencySettings(ram, new Bytes(device), 4, AGE_MAX, new Bytes(4)));
  }
}
