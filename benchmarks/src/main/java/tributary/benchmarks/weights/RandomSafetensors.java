package tributary.benchmarks.weights;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Writes safetensors files of random bf16 weights. */
final class RandomSafetensors {
  private static final int PIECE_WEIGHTS = 1 << 20;
  private static final int HEADER_ALIGNMENT = 8;

  private final RandomWeights random;

  RandomSafetensors(RandomWeights random) {
    this.random = random;
  }

  /** Writes a file, which appears under its name only when it is complete. */
  void write(Path file, List<Tensor> tensors) throws IOException {
    Path partial = file.resolveSibling(file.getFileName() + ".partial");
    writeWhole(partial, tensors);
    Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private void writeWhole(Path file, List<Tensor> tensors) throws IOException {
    try (var channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      byte[] header = header(tensors);
      ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      writeAll(channel, length.putLong(header.length).flip());
      writeAll(channel, ByteBuffer.wrap(header));
      for (Tensor tensor : tensors) {
        writeWeights(channel, tensor, random.stream(tensor));
      }
    }
  }

  private static void writeWeights(
      FileChannel channel, Tensor tensor, RandomWeights.Stream stream) throws IOException {
    long left = tensor.weights();
    while (left > 0) {
      short[] piece = new short[(int) Math.min(left, PIECE_WEIGHTS)];
      stream.fill(piece);
      ByteBuffer bytes =
          ByteBuffer.allocate(piece.length * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asShortBuffer().put(piece);
      writeAll(channel, bytes);
      left -= piece.length;
    }
  }

  private static byte[] header(List<Tensor> tensors) throws IOException {
    ObjectNode header = JsonNodeFactory.instance.objectNode();
    header.putObject("__metadata__").put("format", "pt");
    long offset = 0;
    for (Tensor tensor : tensors) {
      ObjectNode entry = header.putObject(tensor.name()).put("dtype", "BF16");
      var dimensions = entry.putArray("shape");
      if (!tensor.vector()) {
        dimensions.add(tensor.rows());
      }
      dimensions.add(tensor.columns());
      entry.putArray("data_offsets").add(offset).add(offset + tensor.sizeBytes());
      offset += tensor.sizeBytes();
    }
    // Padded with spaces so that the weights after it are aligned in the mapped file.
    String text = new ObjectMapper().writeValueAsString(header);
    int padding = Math.floorMod(-text.length(), HEADER_ALIGNMENT);
    return (text + " ".repeat(padding)).getBytes(StandardCharsets.US_ASCII);
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
