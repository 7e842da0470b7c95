package tributary.tests.crash;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import tributary.tensor.container.DeltaFile;

/** Kills while a fine-tune is compressed layer by layer, each time from where the last came. */
final class CompressKills implements Kills {
  private static final String DELTA = "own.delta";
  private static final long POLL_NANOS = 500_000;
  private static final long WRITE_NANOS = 4_000_000;

  private final TinyModels models;
  private final Path directory;
  private final SplittableRandom random;
  private final Moment whole;
  private final byte[] undisturbed;
  private Map<String, List<Byte>> finished = new TreeMap<>();

  CompressKills(Path directory, TinyModels models, SplittableRandom random)
      throws IOException, InterruptedException {
    this.models = models;
    this.random = random;
    this.whole = new Moment(random);
    this.directory = Files.createDirectory(directory.resolve("compress"));
    compress();
    undisturbed = Files.readAllBytes(this.directory.resolve(DELTA));
    Files.delete(this.directory.resolve(DELTA));
  }

  private Victim start() throws IOException {
    return Victim.start("tributary.cli.Main", models.compress(directory.resolve(DELTA)));
  }

  private void compress() throws IOException, InterruptedException {
    long start = System.nanoTime();
    try (Victim victim = start()) {
      assertThat(victim.exit()).isZero();
    }
    whole.took(System.nanoTime() - start);
    assertThat(files()).containsExactly(DELTA);
  }

  @Override
  public void kill(Met met) throws IOException, InterruptedException {
    while (!wasKilled()) {
      requireTheWhole();
    }
    met.kills++;
    met.leftOver += files().stream().anyMatch(it -> it.endsWith(".tmp")) ? 1 : 0;
    met.underWay += Files.exists(directory.resolve(DELTA)) ? 0 : 1;
    met.acknowledged += requireAsAcknowledged();
  }

  /** False where the process was done before. */
  private boolean wasKilled() throws IOException, InterruptedException {
    try (Victim victim = start()) {
      if (random.nextBoolean()) {
        whole.await();
      } else {
        awaitWrite(victim);
      }
      return victim.kill(_ -> {});
    }
  }

  /** Returns within a write, or soon after one, or when the process has ended. */
  private void awaitWrite(Victim victim) throws IOException {
    List<String> before = files();
    for (int writes = 1 + random.nextInt(models.layers()); writes > 0; writes--) {
      List<String> now = before;
      while (victim.isAlive() && now.equals(before)) {
        LockSupport.parkNanos(POLL_NANOS);
        now = files();
      }
      before = now;
    }
    LockSupport.parkNanos(random.nextLong(WRITE_NANOS));
  }

  /** Every file under its final name is whole, and stays as it was; returns how many there are. */
  private int requireAsAcknowledged() throws IOException {
    Path delta = directory.resolve(DELTA);
    if (Files.exists(delta)) {
      assertThat(Files.readAllBytes(delta)).isEqualTo(undisturbed);
      return 1;
    }
    var found = new TreeMap<String, List<Byte>>();
    for (String name : files()) {
      if (name.endsWith(".layer")) {
        Path layer = directory.resolve(name);
        try (DeltaFile file = DeltaFile.open(layer)) {
          file.verifyChecksums();
        }
        found.put(name, bytes(layer));
      }
    }
    assertThat(found).containsAllEntriesOf(finished);
    int more = found.size() - finished.size();
    finished = found;
    return more;
  }

  private static List<Byte> bytes(Path file) throws IOException {
    var all = new ArrayList<Byte>();
    for (byte each : Files.readAllBytes(file)) {
      all.add(each);
    }
    return all;
  }

  /** The delta is as it would have been, and nothing else is there; then begins anew. */
  private void requireTheWhole() throws IOException {
    assertThat(files()).containsExactly(DELTA);
    assertThat(Files.readAllBytes(directory.resolve(DELTA))).isEqualTo(undisturbed);
    Files.delete(directory.resolve(DELTA));
    finished = new TreeMap<>();
  }

  @Override
  public void finish() throws IOException, InterruptedException {
    compress();
    requireTheWhole();
  }

  /** Names below the directory. */
  private List<String> files() throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.filter(file -> !Files.isDirectory(file))
          .map(file -> directory.relativize(file).toString())
          .sorted()
          .toList();
    } catch (java.io.UncheckedIOException e) {
      return List.of(); // A directory went away while it was walked.
    }
  }
}
