package tributary.tensor.container;

import static org.assertj.core.api.Assertions.assertThat;
import static tributary.protocol.ErrorCode.FILE_UNWRITABLE;
import static tributary.tensor.container.SafetensorsFileTest.assertFault;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;

class SafetensorsWriterTest {
  @TempDir Path directory;

  @Test
  void what_is_written_is_read_back_whatever_its_type_and_name() {
    SequencedMap<String, TensorView> tensors = new LinkedHashMap<>();
    for (DType type : DType.values()) {
      tensors.put("a \"quoted\" \u00e9\n" + type, random(type, Shape.of(3, 0, 5)));
      tensors.put("odd." + type, random(type, Shape.of(3, 5)));
    }
    Path path = directory.resolve("all.safetensors");
    SafetensorsWriter.write(path, Map.of("k", "v", "a", "\u2603"), tensors);
    try (var file = SafetensorsFile.open(path)) {
      assertThat(file.metadata()).isEqualTo(Map.of("k", "v", "a", "\u2603"));
      assertThat(file.names()).containsExactlyInAnyOrderElementsOf(tensors.keySet());
      tensors.forEach((name, tensor) -> {
        TensorView read = file.tensor(name);
        assertThat(read.type()).isEqualTo(tensor.type());
        assertThat(read.shape()).isEqualTo(tensor.shape());
        assertThat(read.data().mismatch(tensor.data())).isEqualTo(-1);
      });
    }
  }

  @Test
  void tensors_larger_than_a_chunk_are_written_whole() {
    TensorView big = random(DType.U8, Shape.of((1 << 21) + 3));
    Path path = directory.resolve("big.safetensors");
    SafetensorsWriter.write(path, Map.of(), sequence("big", big));
    try (var file = SafetensorsFile.open(path)) {
      assertThat(file.tensor("big").data().mismatch(big.data())).isEqualTo(-1);
    }
  }

  @Test
  void data_begins_at_a_multiple_of_eight_bytes() throws IOException {
    for (String name : new String[] {"a", "ab", "abc", "abcd", "abcde"}) {
      Path path = directory.resolve("aligned.safetensors");
      SafetensorsWriter.write(path, Map.of(), sequence(name, TensorView.of(Shape.of(1), 1f)));
      long header =
          ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN).getLong();
      assertThat(header % 8).isZero();
    }
  }

  @Test
  void a_file_is_replaced_and_nothing_else_stays_behind() throws IOException {
    Path path = directory.resolve("x.safetensors");
    SafetensorsWriter.write(path, Map.of(), sequence("old", TensorView.of(Shape.of(1), 1f)));
    SafetensorsWriter.write(path, Map.of(), sequence("new", TensorView.of(Shape.of(1), 2f)));
    try (var file = SafetensorsFile.open(path)) {
      assertThat(file.names()).containsExactly("new");
    }
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).containsExactly(path);
    }
  }

  @Test
  void a_failure_half_way_leaves_the_old_file_and_no_other() throws IOException {
    Path path = directory.resolve("x.safetensors");
    SafetensorsWriter.write(path, Map.of(), sequence("old", TensorView.of(Shape.of(1), 1f)));
    var closed = SafetensorsFile.open(path);
    TensorView gone = closed.tensor("old");
    closed.close();
    try {
      SafetensorsWriter.write(path, Map.of(), sequence("new", gone));
    } catch (IllegalStateException e) {
      assertThat(e).hasMessageContaining("closed");
    }
    try (var file = SafetensorsFile.open(path);
        Stream<Path> left = Files.list(directory)) {
      assertThat(file.names()).containsExactly("old");
      assertThat(left).containsExactly(path);
    }
  }

  @Test
  void a_disk_that_fills_up_leaves_no_file_under_either_name() throws IOException {
    Path path = directory.resolve("x.safetensors");
    assertFault(
        FILE_UNWRITABLE,
        () ->
            WholeFile.write(
                path,
                channel -> {
                  channel.write(ByteBuffer.wrap(new byte[1000]));
                  throw new IOException("No space left on device");
                }),
        path.toString(),
        "No space left");
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void a_place_that_cannot_be_written_is_named() {
    Path path = directory.resolve("none").resolve("x.safetensors");
    assertFault(
        FILE_UNWRITABLE,
        () -> SafetensorsWriter.write(path, Map.of(), new LinkedHashMap<>()),
        path.toString());
  }

  private static SequencedMap<String, TensorView> sequence(String name, TensorView tensor) {
    SequencedMap<String, TensorView> tensors = new LinkedHashMap<>();
    tensors.put(name, tensor);
    return tensors;
  }

  private static TensorView random(DType type, Shape shape) {
    byte[] bytes = new byte[(int) shape.elements() * type.bytes()];
    new SplittableRandom(bytes.length).nextBytes(bytes);
    return new TensorView(type, shape, MemorySegment.ofArray(bytes));
  }
}
