package tributary.scheduling.residency;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.Nanos;

class ResidencyPropertiesTest {
  private static final Nanos AGE_MAX = new Nanos(50);
  private static final int ROUNDS = 1_200;

  static LongStream seeds() {
    return LongStream.range(0, 25);
  }

  /** A node whose requests come and go at random, and whose moves take a while, or fail. */
  private static final class Node {
    private final SplittableRandom random;
    private final ResidencySettings settings;
    private final Residency residency;
    private final List<DeltaKey> keys = new ArrayList<>();
    private final Map<DeltaKey, Footprint> footprints = new HashMap<>();
    private final Map<DeltaKey, DeltaTerms> terms = new HashMap<>();
    private final Map<DeltaKey, Long> waitsSince = new HashMap<>();
    private final Map<DeltaKey, List<Long>> usersEnd = new HashMap<>();
    private final Map<DeltaMove, Long> under = new HashMap<>();

    /** Planes by place, as the moves that were carried out have it: an account of its own. */
    private final Map<DeltaKey, Integer> inRam = new HashMap<>();

    private final Map<DeltaKey, Integer> onDevice = new HashMap<>();

    private final double failing;
    private long time;
    private long longestWait;

    Node(long seed, boolean fails) {
      random = new SplittableRandom(seed);
      failing = fails ? 0.1 : 0;
      boolean staged = random.nextBoolean();
      settings =
          new ResidencySettings(
              staged ? new Bytes(20 + random.nextInt(60)) : null,
              new Bytes(20 + random.nextInt(40)),
              1 + random.nextInt(4),
              AGE_MAX,
              new Bytes(5));
      residency = new Residency(settings);
      for (int i = 0; i < 12; i++) {
        var key = new DeltaKey(new DeltaId("d" + i), 1);
        var footprint = footprint();
        var promised = new DeltaTerms(1 + random.nextInt(3), i == 0);
        if (residency.register(key, footprint, promised).isEmpty()) {
          keys.add(key);
          footprints.put(key, footprint);
          terms.put(key, promised);
        }
      }
    }

    private Footprint footprint() {
      var sizes = new ArrayList<Bytes>();
      long size = 0;
      for (int i = 0; i <= random.nextInt(4); i++) {
        size += 1 + random.nextInt(5);
        sizes.add(new Bytes(size));
      }
      return new Footprint(sizes);
    }

    void run() {
      for (time = 0; time < ROUNDS; time++) {
        request();
        finishUsers();
        finishMoves();
        for (DeltaMove move : residency.decide(now())) {
          begin(move);
        }
        check();
      }
      assertThat(keys.size()).isGreaterThan(6);
    }

    private void request() {
      DeltaKey key = keys.get((int) (keys.size() * Math.pow(random.nextDouble(), 2)));
      if (random.nextInt(3) == 0) {
        residency.wanted(key, now());
        waitsSince.putIfAbsent(key, time);
      }
      for (DeltaKey waiting : List.copyOf(waitsSince.keySet())) {
        if (residency.width(waiting) > 0) {
          Long since = waitsSince.remove(waiting);
          longestWait = Math.max(longestWait, time - (since == null ? time : since));
          residency.taken(waiting);
          usersEnd.computeIfAbsent(waiting, _ -> new ArrayList<>()).add(time + random.nextInt(60));
        }
      }
    }

    private void finishUsers() {
      usersEnd.forEach((key, ends) -> {
        while (!ends.isEmpty() && Collections.min(ends) <= time) {
          ends.remove(Collections.min(ends));
          residency.left(key);
        }
      });
    }

    private boolean isUsed(DeltaKey key) {
      return !usersEnd.getOrDefault(key, List.of()).isEmpty();
    }

    private void begin(DeltaMove move) {
      under.put(move, time + 1 + random.nextInt(5));
      if (!move.raises() && !move.evicts()) {
        there(move.place()).put(move.key(), move.to());
      }
    }

    private void finishMoves() {
      for (var entry : List.copyOf(under.entrySet())) {
        DeltaMove move = entry.getKey();
        boolean drains = move.place() == Place.DEVICE && move.evicts() && isUsed(move.key());
        if (entry.getValue() > time || drains) {
          continue;
        }
        under.remove(move);
        if (move.raises() && random.nextDouble() < failing) {
          residency.failed(move);
          waitsSince.remove(move.key());
        } else {
          residency.done(move, now());
          there(move.place()).put(move.key(), move.to());
        }
      }
    }

    private void check() {
      for (Place place : Place.values()) {
        long taken = 0;
        for (DeltaKey key : keys) {
          int width = there(place).getOrDefault(key, 0);
          taken += known(footprints, key).at(width).count();
        }
        for (DeltaMove move : under.keySet()) {
          taken += move.place() == place && move.raises() ? move.size().count() : 0;
        }
        assertThat(taken)
            .as("bytes in %s at %d", place, time)
            .isLessThanOrEqualTo(settings.budget(place).count());
      }
      for (DeltaKey key : keys) {
        int floor = Math.min(known(terms, key).floor(), known(footprints, key).widths());
        int width = residency.width(key);
        assertThat(width == 0 || width >= floor).as("%s at width %d", key, width).isTrue();
        assertThat(width).isLessThanOrEqualTo(onDevice.getOrDefault(key, 0));
      }
    }

    @Override
    public String toString() {
      var text = new StringBuilder();
      text.append("%s, %s, under way %s".formatted(settings, residency.load(), under));
      for (DeltaKey key : keys) {
        text.append(
            "\n%s %s %s RAM %d %s"
                .formatted(
                    key.id(),
                    residency.tier(key),
                    terms.get(key),
                    inRam.getOrDefault(key, 0),
                    footprints.get(key)));
      }
      return text.toString();
    }

    private Map<DeltaKey, Integer> there(Place place) {
      return switch (place) {
        case RAM -> inRam;
        case DEVICE -> onDevice;
      };
    }

    private static <T> T known(Map<DeltaKey, T> of, DeltaKey key) {
      return Objects.requireNonNull(of.get(key));
    }

    private Nanos now() {
      return new Nanos(time);
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void budgets_and_floors_hold_whatever_happens(long seed) {
    new Node(seed, true).run();
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void every_delta_that_is_waited_for_comes_within_the_age_bound_and_what_others_take(long seed) {
    var node = new Node(seed, false);
    node.run();
    // At most eleven others are older; each waits, then drains one in use, then moves twice.
    assertThat(node.longestWait).isLessThan(AGE_MAX.count() + 11 * (60 + 3 * 6));
    assertThat(node.waitsSince.values())
        .as("%s", node)
        .allSatisfy(since -> assertThat(ROUNDS - since).isLessThan(1_000));
  }

  @Test
  void the_same_happenings_lead_to_the_same_decisions() {
    assertThat(decisions(3)).isEqualTo(decisions(3));
  }

  private static List<DeltaMove> decisions(long seed) {
    var random = new SplittableRandom(seed);
    Residency residency = ResidencyTest.residency(null, 20);
    var moves = new ArrayList<DeltaMove>();
    for (int i = 0; i < 10; i++) {
      residency.register(
          new DeltaKey(new DeltaId("d" + i), 1),
          ResidencyTest.planes(1 + random.nextInt(6)),
          DeltaTerms.DEFAULT);
    }
    for (int i = 0; i < 300; i++) {
      residency.wanted(new DeltaKey(new DeltaId("d" + random.nextInt(10)), 1), new Nanos(i));
      List<DeltaMove> next = residency.decide(new Nanos(i));
      next.forEach(move -> residency.done(move, Nanos.ZERO));
      moves.addAll(next);
    }
    return moves;
  }
}
