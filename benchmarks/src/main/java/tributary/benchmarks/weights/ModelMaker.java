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

/** Makes model directories of seeded random bf16 weights: real sizes, no meaning. */
public final class ModelMaker {
  private static final int PIECE_WEIGHTS = 1 << 20;
  private static final int HEADER_ALIGNMENT = 8;

  private final ObjectMapper json = new ObjectMapper();

  /**
   * Makes a model in a directory, or keeps the one that is there. The weights appear under their
   * final name only when they are complete.
   */
  public ModelDirectory make(Path directory, ModelShape shape, long seed) throws IOException {
    Path weights = directory.resolve("model.safetensors");
    if (!Files.exists(weights)) {
      Files.createDirectories(directory);
      write(directory.resolve("config.json"), shape.toConfig());
      write(directory.resolve("generation_config.json"), generation());
      write(directory.resolve("tokenizer.json"), SyntheticTokenizer.tokenizer(shape.vocabulary()));
      write(directory.resolve("tokenizer_config.json"), SyntheticTokenizer.configuration());
      Path partial = directory.resolve("model.safetensors.partial");
      writeWeights(partial, Tensor.all(shape), new RandomWeights(seed));
      Files.move(partial, weights, StandardCopyOption.ATOMIC_MOVE);
    }
    return new ModelDirectory(directory);
  }

  private void write(Path file, ObjectNode content) throws IOException {
    json.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), content);
  }

  private static ObjectNode generation() {
    return JsonNodeFactory.instance.objectNode().put("bos_token_id", SyntheticTokenizer.BEGIN)
        .put("eos_token_id", SyntheticTokenizer.END).put("pad_token_id", SyntheticTokenizer.PAD);
  }

  private void writeWeights(Path file, List<Tensor> tensors, RandomWeights random)
      throws IOException {
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

  private byte[] header(List<Tensor> tensors) throws IOException {
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
    String text = json.writeValueAsString(header);
    int padding = Math.floorMod(-text.length(), HEADER_ALIGNMENT);
    return (text + " ".repeat(padding)).getBytes(StandardCharsets.US_ASCII);
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
