package tributary.tensor.container;

import static org.assertj.core.api.Assertions.assertThat;
import static tributary.protocol.ErrorCode.CHECKPOINT_INDEX;
import static tributary.protocol.ErrorCode.CHECKPOINT_UNSAFE_FORMAT;
import static tributary.protocol.ErrorCode.FILE_NOT_FOUND;
import static tributary.protocol.ErrorCode.MISSING_TENSOR;
import static tributary.tensor.container.SafetensorsFileTest.assertFault;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;

class CheckpointTest {
  @TempDir Path root;
  private Path directory;

  @BeforeEach
  void makeDirectory() throws IOException {
    directory = Files.createDirectory(root.resolve("model"));
  }

  @Test
  void one_file_and_shards_hold_the_same_weights_under_the_same_fingerprint() throws IOException {
    Path sharded = Files.createDirectory(root.resolve("sharded"));
    write(directory.resolve("model.safetensors"), "a", "b");
    write(sharded.resolve("one.safetensors"), "b");
    write(sharded.resolve("two.safetensors"), "a");
    index(sharded, Map.of("a", "two.safetensors", "b", "one.safetensors"));
    try (var single = Checkpoint.open(directory);
        var shards = Checkpoint.open(sharded)) {
      assertThat(shards.names()).containsExactly("a", "b");
      assertThat(shards.tensor("a").toFloats()).isEqualTo(single.tensor("a").toFloats());
      assertThat(Fingerprint.of(shards)).isEqualTo(Fingerprint.of(single));
    }
  }

  @Test
  void the_fingerprint_never_changes_between_versions() {
    SafetensorsWriter.write(
        directory.resolve("model.safetensors"),
        Map.of(),
        sequence("w", TensorView.of(Shape.of(1, 2), 1f, -2f)));
    try (var checkpoint = Checkpoint.open(directory)) {
      assertThat(Fingerprint.of(checkpoint))
          .isEqualTo("d1c1ef3324d6a10c77ea2861707173c3e78abc51b75e4e190757aebec2ea4fd9");
    }
  }

  @Test
  void the_fingerprint_tells_apart_names_shapes_and_values() throws IOException {
    assertThat(
            Stream.of(
                    fingerprint("1", sequence("w", TensorView.of(Shape.of(2), 1f, 2f))),
                    fingerprint("2", sequence("v", TensorView.of(Shape.of(2), 1f, 2f))),
                    fingerprint("3", sequence("w", TensorView.of(Shape.of(1, 2), 1f, 2f))),
                    fingerprint("4", sequence("w", TensorView.of(Shape.of(2), 1f, 3f))))
                .distinct())
        .hasSize(4);
  }

  @Test
  void a_missing_tensor_is_named() {
    write(directory.resolve("model.safetensors"), "a");
    try (var checkpoint = Checkpoint.open(directory)) {
      assertFault(MISSING_TENSOR, () -> checkpoint.tensor("z"), "'z'", directory.toString());
    }
  }

  @Test
  void a_directory_without_weights_is_named() {
    assertFault(FILE_NOT_FOUND, () -> Checkpoint.open(root.resolve("no")), "not a directory");
    assertFault(FILE_NOT_FOUND, () -> Checkpoint.open(directory), "model.safetensors");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pytorch_model.bin", "model.pt", "consolidated.00.pth", "x.pkl"})
  void pickle_files_are_refused_with_the_reason(String name) throws IOException {
    Files.createFile(directory.resolve(name));
    assertFault(
        CHECKPOINT_UNSAFE_FORMAT, () -> Checkpoint.open(directory), name, "can run any code");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "[]",
        "{",
        "{\"weight_map\":[]}",
        "{\"weight_map\":{}}",
        "{\"weight_map\":{\"a\":1}}",
        "{\"weight_map\":{\"a\":\"x\",\"a\":\"y\"}}",
        "{\"weight_map\":{\"a\":\"\"}}",
        "{\"weight_map\":{\"a\":\"\\u0000\"}}"
      })
  void a_broken_index_is_refused(String json) throws IOException {
    Files.writeString(directory.resolve(CheckpointIndex.FILE), json);
    assertFault(CHECKPOINT_INDEX, () -> Checkpoint.open(directory), CheckpointIndex.FILE);
  }

  @Test
  void a_shard_outside_the_directory_is_refused() throws IOException {
    write(root.resolve("secret.safetensors"), "a");
    for (String shard :
        new String[] {
          "../secret.safetensors",
          "x/../../secret.safetensors",
          root.resolve("secret.safetensors").toString()
        }) {
      index(directory, Map.of("a", shard));
      assertFault(CHECKPOINT_INDEX, () -> Checkpoint.open(directory), "outside the directory");
    }
  }

  @Test
  void a_shard_that_is_a_link_out_of_the_directory_is_refused() throws IOException {
    write(root.resolve("secret.safetensors"), "a");
    Files.createSymbolicLink(
        directory.resolve("link.safetensors"), root.resolve("secret.safetensors"));
    index(directory, Map.of("a", "link.safetensors"));
    assertFault(CHECKPOINT_INDEX, () -> Checkpoint.open(directory), "leaves the directory");
  }

  @Test
  void a_directory_that_is_reached_through_a_link_is_read() throws IOException {
    write(directory.resolve("one.safetensors"), "a");
    index(directory, Map.of("a", "one.safetensors"));
    Path link = Files.createSymbolicLink(root.resolve("link"), directory);
    try (var checkpoint = Checkpoint.open(link.resolve("..").resolve("link"))) {
      assertThat(checkpoint.names()).containsExactly("a");
    }
  }

  @Test
  void a_shard_that_is_not_there_is_named() throws IOException {
    index(directory, Map.of("a", "one.safetensors"));
    assertFault(FILE_NOT_FOUND, () -> Checkpoint.open(directory), "one.safetensors");
  }

  @Test
  void a_tensor_that_the_shard_lacks_is_named() throws IOException {
    write(directory.resolve("one.safetensors"), "a");
    index(directory, Map.of("a", "one.safetensors", "b", "one.safetensors"));
    assertFault(CHECKPOINT_INDEX, () -> Checkpoint.open(directory), "'b'", "one.safetensors");
  }

  @Test
  void a_tensor_in_two_shards_is_named() throws IOException {
    write(directory.resolve("one.safetensors"), "a", "b");
    write(directory.resolve("two.safetensors"), "b");
    index(directory, Map.of("a", "one.safetensors", "b", "two.safetensors"));
    assertFault(CHECKPOINT_INDEX, () -> Checkpoint.open(directory), "'b' is in two shards");
  }

  private String fingerprint(String name, SequencedMap<String, TensorView> tensors)
      throws IOException {
    Path model = Files.createDirectory(root.resolve(name));
    SafetensorsWriter.write(model.resolve("model.safetensors"), Map.of(), tensors);
    try (var checkpoint = Checkpoint.open(model)) {
      return Fingerprint.of(checkpoint);
    }
  }

  private static void write(Path file, String... names) {
    SequencedMap<String, TensorView> tensors = new LinkedHashMap<>();
    for (String name : names) {
      tensors.put(name, TensorView.of(Shape.of(2), name.hashCode(), 1f));
    }
    SafetensorsWriter.write(file, Map.of(), tensors);
  }

  private static SequencedMap<String, TensorView> sequence(String name, TensorView tensor) {
    SequencedMap<String, TensorView> tensors = new LinkedHashMap<>();
    tensors.put(name, tensor);
    return tensors;
  }

  private static void index(Path directory, Map<String, String> shards) throws IOException {
    Files.writeString(
        directory.resolve(CheckpointIndex.FILE),
        StrictJson.MAPPER.writeValueAsString(Map.of("metadata", Map.of(), "weight_map", shards)));
  }
}
