package tributary.actors;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;

/**
 * A process that changes variants of a store as it is told on its standard input, until it is
 * killed. What it says that it has done was acknowledged.
 *
 * <pre>
 * register NAME FILE, rollback NAME, remove NAME    done VERSION,VERSION or failed WHY
 * clean                                             done, as if the grace had passed
 * state                                             NAME VERSION,VERSION of each variant, then done
 * </pre>
 */
public final class KilledStore {
  private static final Duration GRACE = Duration.ofHours(1);

  private final ArtifactStore store;
  private final RegisteredModels models;
  private final PrintStream out;

  private KilledStore(ArtifactStore store, PrintStream out) {
    this.store = store;
    this.out = out;
    models =
        new RegisteredModels(
            store, Set.of(), new DeltaId("base"), Runnable::run, (_, _) -> {}, _ -> 1);
  }

  /** Arguments: directory of the store, directory of the base. */
  public static void main(String[] arguments) throws Exception {
    var limits = new ArtifactStore.Limits(new Bytes(Long.MAX_VALUE), GRACE);
    var store = ArtifactStore.open(Path.of(arguments[0]), Path.of(arguments[1]), limits);
    var killed = new KilledStore(store, new PrintStream(System.out, true, StandardCharsets.UTF_8));
    killed.models.refresh();
    killed.out.println("ready");
    try (var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        killed.obey(line.split(" ", 3));
      }
    }
  }

  private void obey(String[] words) throws IOException {
    switch (words[0]) {
      case "register" -> change(models.register(new DeltaId(words[1]), Path.of(words[2])));
      case "rollback" -> change(models.rollBack(new DeltaId(words[1])));
      case "remove" -> change(models.remove(new DeltaId(words[1])));
      case "clean" -> {
        Bytes deleted = models.collect(Instant.now().plus(GRACE.multipliedBy(2)));
        out.println("done " + deleted.count());
      }
      case "state" -> state();
      default -> throw new IllegalArgumentException(words[0]);
    }
  }

  private void change(CompletionStage<Registration> change) {
    out.println(
        change
            .handle((now, failure) ->
                failure == null ? "done " + String.join(",", now.versions()) : "failed " + failure)
            .toCompletableFuture()
            .join());
  }

  private void state() throws IOException {
    for (Registration registration : store.registrations().values()) {
      for (String version : Set.copyOf(registration.versions())) {
        requireWhole(version);
      }
      out.println(registration.name() + " " + String.join(",", registration.versions()));
    }
    out.println("done");
  }

  private void requireWhole(String version) throws IOException {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(store.file(version)));
      if (!HexFormat.of().formatHex(hash).equals(version)) {
        throw new AssertionError(version + " has other bytes than its name says");
      }
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
