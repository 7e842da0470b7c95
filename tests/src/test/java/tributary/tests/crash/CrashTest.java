package tributary.tests.crash;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tributary.tests.Repository;

/**
 * Processes that are killed with SIGKILL while they write: what was acknowledged is there
 * afterwards, what was not is there whole or not at all, and what is left half done is cleaned.
 *
 * <p>A few kills that are always drawn alike; with {@code -Dcrash.kills=1000}, so many, drawn by
 * {@code -Dcrash.seed}, which is a new one unless it is given.
 */
class CrashTest {
  private static final int FEW = 20;
  private static final int REPORTED_EACH = 50;
  private static final int KILLS = Integer.getInteger("crash.kills", FEW);
  private static final long SEED =
      Long.getLong("crash.seed", KILLS == FEW ? 1 : System.nanoTime() & 0xFFFF);

  @TempDir Path directory;

  /** What is killed, and its share of all kills. */
  enum Written {
    COMPRESS(1),
    VARIANTS(5),
    LEDGER(4);

    private final int tenths;

    Written(int tenths) {
      this.tenths = tenths;
    }

    int kills() {
      return KILLS * tenths / 10;
    }
  }

  @ParameterizedTest
  @EnumSource
  void nothing_acknowledged_is_lost_and_nothing_half_done_is_seen(Written written)
      throws Exception {
    var met = new Kills.Met();
    try {
      Kills kills = kills(written, new SplittableRandom(SEED));
      while (met.kills < written.kills()) {
        kills.kill(met);
        if (met.kills % REPORTED_EACH == 0) {
          report(written, met);
        }
      }
      kills.finish();
    } catch (AssertionError e) {
      throw new AssertionError("%s, seed %d, after %s".formatted(written, SEED, met), e);
    }
    report(written, met);
    assertThat(met.kills).isEqualTo(written.kills());
  }

  private static void report(Written written, Kills.Met met) {
    System.out.printf("%s, seed %d: %s%n", written, SEED, met);
  }

  private Kills kills(Written written, SplittableRandom random) throws Exception {
    Path checkpoints = Repository.golden("");
    return switch (written) {
      case COMPRESS -> new CompressKills(directory, new TinyModels(directory, checkpoints), random);
      case LEDGER -> new LedgerKills(directory, random);
      case VARIANTS -> {
        List<Path> sources =
            List.of(
                Repository.delta("sgd_chat"),
                Repository.delta("wikisql"),
                checkpoints.resolve("llama-lora"));
        yield new StoreKills(directory, checkpoints.resolve("llama"), sources, random);
      }
    };
  }
}
