package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.model.Golden;
import tributary.model.HandMadeDeltas;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;
import tributary.tensor.container.Fingerprint;

class ArtifactStoreTest {
  private static final DeltaId TENANT = new DeltaId("tenant");
  private static final Duration GRACE = Duration.ofHours(1);

  @TempDir private Path directory;
  private Path first = Path.of("");
  private Path second = Path.of("");

  @BeforeEach
  void write() {
    first = delta("first.delta", 1);
    second = delta("second.delta", 2);
  }

  @Test
  void what_no_version_names_is_deleted_after_its_grace_and_not_before() {
    ArtifactStore store = store(1L << 40);
    String old = store.publish(first);
    String current = store.publish(second);
    store.write(Registration.of(TENANT, old).upgraded(current));
    assertThat(store.collect(later(2))).as("both can be served").isEqualTo(Bytes.ZERO);
    store.write(Registration.of(TENANT, current));
    assertThat(store.collect(Instant.now())).isEqualTo(Bytes.ZERO);
    assertThat(store.collect(later(2)).count()).isEqualTo(first.toFile().length());
    assertThat(store.file(old)).doesNotExist();
    assertThat(store.file(current)).exists();
  }

  @Test
  void what_comes_again_is_young_again() throws Exception {
    ArtifactStore store = store(1L << 40);
    String version = store.publish(first);
    Path file = store.file(version);
    Files.setLastModifiedTime(file, java.nio.file.attribute.FileTime.from(later(-5)));
    store.publish(first);
    assertThat(store.collect(Instant.now())).isEqualTo(Bytes.ZERO);
    assertThat(file).exists();
  }

  @Test
  void an_interrupted_copy_is_deleted_too() throws Exception {
    ArtifactStore store = store(1L << 40);
    Path part = Files.writeString(directory.resolve("store/objects/incoming7.part"), "half");
    assertThat(store.collect(Instant.now())).isEqualTo(Bytes.ZERO);
    assertThat(store.collect(later(2))).isEqualTo(new Bytes(4));
    assertThat(part).doesNotExist();
  }

  @Test
  void an_interrupted_registration_is_deleted_and_a_whole_one_is_not() throws Exception {
    ArtifactStore store = store(1L << 40);
    store.write(Registration.of(TENANT, store.publish(first)));
    Path part = Files.writeString(directory.resolve("store/models/incoming7.part"), "half");
    store.collect(Instant.now());
    assertThat(part).as("another node may be writing it").exists();
    store.collect(later(2));
    assertThat(part).doesNotExist();
    assertThat(store.registrations()).containsOnlyKeys(TENANT);
  }

  @Test
  void a_full_store_refuses_what_it_cannot_hold_and_stays_as_it_is() {
    ArtifactStore store = store(first.toFile().length() + second.toFile().length() - 1);
    String version = store.publish(first);
    assertThatThrownBy(() -> store.publish(second))
        .hasMessageContaining("invalid_request")
        .hasMessageContaining("store-max");
    assertThat(directory.resolve("store/objects").toFile().list())
        .containsExactly(version + ".delta");
  }

  @Test
  void a_registration_that_another_node_changes_is_read_anew() {
    ArtifactStore here = store(1L << 40);
    ArtifactStore there = store(1L << 40);
    here.write(Registration.of(TENANT, "a"));
    assertThat(there.registration(TENANT)).contains(Registration.of(TENANT, "a"));
    here.write(Registration.of(TENANT, "b"));
    assertThat(there.registration(TENANT)).contains(Registration.of(TENANT, "b"));
    here.remove(TENANT);
    assertThat(there.registration(TENANT)).isEmpty();
  }

  private ArtifactStore store(long most) {
    return ArtifactStore.open(
        directory.resolve("store"),
        Golden.directory("llama"),
        new ArtifactStore.Limits(new Bytes(most), GRACE));
  }

  private static Instant later(int hours) {
    return Instant.now().plus(Duration.ofHours(hours));
  }

  private Path delta(String name, long seed) {
    Path file = directory.resolve(name);
    try (Checkpoint base = Checkpoint.open(Golden.directory("llama"))) {
      DeltaFile.write(
          file,
          new DeltaManifest("hand-made", new TreeMap<>(), Fingerprint.of(base), name, 1, 1),
          HandMadeDeltas.random(base, seed, 1, 0));
    }
    return file;
  }
}
