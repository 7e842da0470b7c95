package tributary.actors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.gpu.Backend;
import tributary.gpu.BackendChoice;
import tributary.gpu.Backends;
import tributary.model.BaseModel;
import tributary.model.Golden;
import tributary.model.HandMadeDeltas;
import tributary.protocol.Bytes;
import tributary.protocol.DeltaId;
import tributary.protocol.Nanos;
import tributary.protocol.TributaryException;
import tributary.scheduling.residency.DeltaTerms;
import tributary.scheduling.residency.Shelf;
import tributary.tensor.container.Checkpoint;
import tributary.tensor.container.DeltaFile;
import tributary.tensor.container.DeltaManifest;

class FileDeltaStoreTest {
  private static final DeltaId BASE = new DeltaId("base");
  private static final DeltaId PLANES = new DeltaId("planes");
  private static final Bytes WARM = new Bytes(10 << 20);

  @TempDir private Path directory;
  private Backend backend = Backends.open(BackendChoice.SCALAR, 1);
  private BaseModel base = BaseModel.load(Golden.directory("llama"), backend);
  private FileDeltaStore store = new FileDeltaStore(base, BASE, Map.of(), null, WARM);

  @BeforeEach
  void open() {
    writeFile();
    store = new FileDeltaStore(base, BASE, Map.of(PLANES, file()), null, WARM);
  }

  private void writeFile() {
    try (Checkpoint checkpoint = Checkpoint.open(Golden.directory("llama"))) {
      DeltaFile.write(
          file(),
          new DeltaManifest("hand-made", new TreeMap<>(), base.fingerprint(), "planes", 1000, 250),
          HandMadeDeltas.mixed(checkpoint, 3, 2));
    }
  }

  @AfterEach
  void close() {
    store.close();
    base.close();
    backend.close();
  }

  @Test
  void a_delta_tells_what_it_takes_at_each_width() {
    var footprint = store.describe(PLANES).footprint();
    assertThat(footprint.widths()).isGreaterThan(2);
    assertThat(footprint.at(1)).isGreaterThan(Bytes.ZERO);
    assertThat(footprint.at(footprint.widths())).isGreaterThan(footprint.at(1));
  }

  @Test
  void the_base_takes_nothing() {
    assertThat(store.describe(BASE).footprint().at(1)).isEqualTo(Bytes.ZERO);
  }

  @Test
  void planes_follow_the_first_in_place() {
    LoadedDelta loaded = store.load(store.describe(PLANES), 1, 1);
    assertThat(store.width(loaded)).isEqualTo(1);
    for (int width = 2; width <= loaded.widths(); width++) {
      store.raise(loaded, width - 1, width);
      store.serveAt(loaded, width);
      assertThat(store.width(loaded)).isEqualTo(width);
    }
    store.serveAt(loaded, 1);
    assertThat(store.width(loaded)).isEqualTo(1);
  }

  @Test
  void a_damaged_last_plane_is_noticed_before_it_is_served_and_not_before_it_is_needed()
      throws Exception {
    byte[] bytes = Files.readAllBytes(file());
    bytes[bytes.length - 1] ^= 1;
    Files.write(file(), bytes);
    LoadedDelta loaded = store.load(store.describe(PLANES), 1, 1);
    int widths = loaded.widths();
    store.raise(loaded, 1, widths - 1);
    assertThatThrownBy(() -> store.raise(loaded, widths - 1, widths))
        .hasMessageContaining("delta_checksum");
  }

  @Test
  void an_adapter_is_served_from_its_directory_and_from_the_store() {
    Path adapter = Golden.directory("llama-lora");
    var lora = new DeltaId("lora");
    var artifacts = store("llama");
    String version = artifacts.publish(adapter);
    assertThat(artifacts.publish(adapter)).as("twice is once").isEqualTo(version).hasSize(64);
    try (var configured = new FileDeltaStore(base, BASE, Map.of(lora, adapter), null, WARM)) {
      DeltaStore.Described described = configured.describe(lora);
      assertThat(described.footprint().widths()).isEqualTo(1);
      assertThat(described.footprint().at(1)).isGreaterThan(Bytes.ZERO);
      assertThat(configured.load(described, 1, 1).size()).isGreaterThan(Bytes.ZERO);
    }
    artifacts.write(Registration.of(lora, version));
    try (var registered = new FileDeltaStore(base, BASE, Map.of(), artifacts, WARM)) {
      assertThat(registered.load(registered.describe(lora), 1, 1).version()).isEqualTo(version);
    }
  }

  private ArtifactStore store(String base) {
    return ArtifactStore.open(
        directory.resolve("store"), Golden.directory(base), ArtifactStore.Limits.NONE);
  }

  @Test
  void an_adapter_of_another_shape_is_not_published() {
    var artifacts = store("opt");

    assertThatThrownBy(() -> artifacts.publish(Golden.directory("llama-lora")))
        .isInstanceOf(TributaryException.class);
    assertThat(directory.resolve("store").resolve("objects")).isEmptyDirectory();
  }

  @Test
  void what_was_unloaded_is_warm_until_its_file_changes() throws Exception {
    store.unload(store.load(store.describe(PLANES), 1, 2));
    assertThat(store.shelf().count()).isEqualTo(1);
    assertThat(store.shelf().taken().count()).isGreaterThanOrEqualTo(Files.size(file()));
    LoadedDelta again = store.load(store.describe(PLANES), 2, 2);
    assertThat(store.shelf()).isEqualTo(new Shelf.Load(Bytes.ZERO, 0, 1, 1, 0));
    assertThat(store.phases(again).read()).isGreaterThanOrEqualTo(Nanos.ZERO);
    store.unload(again);
    writeFile();
    store.unload(store.load(store.describe(PLANES), 3, 2));
    assertThat(store.shelf().found()).as("the old file's content serves nobody").isEqualTo(1);
  }

  @Test
  void the_first_load_of_a_warm_file_at_a_greater_width_still_verifies_it() throws Exception {
    byte[] bytes = Files.readAllBytes(file());
    bytes[bytes.length - 1] ^= 1;
    Files.write(file(), bytes);
    var described = store.describe(PLANES);
    store.unload(store.load(described, 1, 1));
    assertThatThrownBy(() -> store.load(described, 2, described.footprint().widths()))
        .hasMessageContaining("delta_checksum");
    assertThat(store.shelf().count()).as("what is damaged is not kept").isZero();
  }

  @Test
  void two_loadings_of_one_file_leave_it_once() {
    var described = store.describe(PLANES);
    LoadedDelta first = store.load(described, 1, 1);
    LoadedDelta second = store.load(described, 2, 1);
    store.unload(first);
    store.unload(second);
    assertThat(store.shelf().count()).isEqualTo(1);
  }

  @Test
  void what_was_published_is_found_under_its_hash_with_its_terms() throws Exception {
    var artifacts = store("llama");
    String version = artifacts.publish(file());
    assertThat(artifacts.publish(file())).as("twice is once").isEqualTo(version).hasSize(64);
    var registration = Registration.of(PLANES, version).agreed(new DeltaTerms(2, true), 5);
    artifacts.write(registration);
    assertThat(store("llama").registrations()).containsExactly(Map.entry(PLANES, registration));
    try (var registered = new FileDeltaStore(base, BASE, Map.of(), artifacts, WARM)) {
      DeltaStore.Described described = registered.describe(PLANES);
      assertThat(described.version()).isEqualTo(version);
      assertThat(described.terms()).isEqualTo(new DeltaTerms(2, true));
      Files.delete(file());
      assertThat(registered.load(described, 1, 2).version()).isEqualTo(version);
    }
  }

  private Path file() {
    return directory.resolve("planes.delta");
  }
}
