package tributary.tests.fuzz;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Readers of foreign bytes, with coverage-guided mutations of whole inputs: none may crash, take
 * five seconds, or allocate 64 MiB.
 *
 * <p>Some thousand mutations over all readers, from one seed, with more time for each on what may
 * be a busy machine; with {@code -Dfuzz.minutes=60}, ones of chance for so long over each reader,
 * or over those that {@code -Dfuzz.targets=BODIES,TRACES} names. Beneath {@code -Dfuzz.folder} lie
 * what each learned for the next time and, in {@code findings}, inputs that did harm, which then
 * belong into the corpus.
 */
class FuzzTest {
  private static final int MUTATIONS = 5_000;
  private static final int SECONDS_MAX = 5;
  private static final int SECONDS_MAX_ON_BUSY_MACHINE = 120;
  private static final int LINES_SHOWN = 100;
  private static final int INPUT_MAX = 16 << 10;
  private static final Path FOLDER = Path.of(System.getProperty("fuzz.folder", "target/fuzz"));
  private static final int MINUTES = Integer.getInteger("fuzz.minutes", 0);

  @TempDir Path scratch;

  @ParameterizedTest
  @MethodSource("targets")
  void every_input_is_read_or_refused(FuzzTarget target) throws Exception {
    Path seeds = Files.createDirectory(scratch.resolve("seeds"));
    for (Map.Entry<String, byte[]> input : Corpus.of(target).entrySet()) {
      Files.write(seeds.resolve(input.getKey()), input.getValue());
    }
    Path learned = MINUTES == 0 ? scratch : FOLDER;
    Path corpus = Files.createDirectories(learned.resolve(target.folder()));
    Path said = scratch.resolve("said.txt");
    Process process =
        new ProcessBuilder(command(target, corpus, seeds))
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    int exit = process.waitFor();
    List<String> lines = Files.readAllLines(said);
    List<String> last = lines.subList(Math.max(0, lines.size() - LINES_SHOWN), lines.size());
    assertThat(exit).as("%s: %s", target, String.join("\n", last)).isZero();
  }

  static Set<FuzzTarget> targets() {
    if (MINUTES == 0) {
      return EnumSet.of(FuzzTarget.EVERY);
    }
    String named = System.getProperty("fuzz.targets", "");
    return named.isEmpty()
        ? EnumSet.complementOf(EnumSet.of(FuzzTarget.EVERY))
        : Stream.of(named.split(",")).map(FuzzTarget::valueOf).collect(toSet());
  }

  private List<String> command(FuzzTarget target, Path corpus, Path seeds) throws IOException {
    Path findings = Files.createDirectories(FOLDER.resolve("findings")).toAbsolutePath();
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "--add-modules=jdk.incubator.vector",
                "-XX:+UseSerialGC",
                "-Xmx512m",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + Fuzzing.class.getName(),
                "--target_args=" + target + " " + scratch.resolve("files"),
                "--instrumentation_includes=tributary.**",
                "--custom_hook_includes=tributary.**",
                "--reproducer_path=" + findings,
                "-artifact_prefix=" + findings.resolve(target.folder() + "-"),
                "-timeout=" + (MINUTES == 0 ? SECONDS_MAX_ON_BUSY_MACHINE : SECONDS_MAX),
                "-max_len=" + INPUT_MAX,
                "-print_final_stats=1"));
    command.addAll(
        MINUTES == 0
            ? List.of("-seed=1", "-runs=" + MUTATIONS)
            : List.of("-max_total_time=" + 60 * MINUTES));
    command.addAll(List.of(corpus.toString(), seeds.toString()));
    return command;
  }
}
