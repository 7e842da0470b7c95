package tributary.benchmarks.gguf;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import tributary.benchmarks.weights.Bfloat16;
import tributary.benchmarks.weights.ModelDirectory;
import tributary.benchmarks.weights.ModelShape;
import tributary.benchmarks.weights.SafetensorsFile;
import tributary.benchmarks.weights.Tensor;

/** Writes a Llama model directory as a bf16 GGUF file: the same weights, in llama.cpp's order. */
public final class GgufConversion {
  private static final int BUFFER_BYTES = 1 << 20;
  private static final int FILE_TYPE_MOSTLY_BF16 = 32;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final ModelDirectory model;

  /** A conversion of one model. */
  public GgufConversion(ModelDirectory model) {
    this.model = model;
  }

  /** Writes the file, or keeps the one that is there; it appears only when it is complete. */
  public Path writeTo(Path file) throws IOException {
    if (Files.exists(file)) {
      return file;
    }
    Files.createDirectories(file.toAbsolutePath().getParent());
    Path partial = file.resolveSibling(file.getFileName() + ".partial");
    ModelShape shape = model.shape();
    List<GgufTensor> tensors =
        Tensor.all(shape).stream().map(tensor -> GgufTensor.of(tensor, shape)).toList();
    try (var weights = model.weights();
        var out = new BufferedOutputStream(Files.newOutputStream(partial), BUFFER_BYTES)) {
      out.write(header(shape, tensors).toArray());
      for (GgufTensor tensor : tensors) {
        copy(weights, tensor, out);
      }
    }
    return Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private GgufHeader header(ModelShape shape, List<GgufTensor> tensors) throws IOException {
    GgufHeader header = new GgufHeader();
    header.put("general.architecture", "llama");
    header.put("general.name", "benchmark");
    header.put("general.alignment", GgufHeader.ALIGNMENT);
    header.put("general.file_type", FILE_TYPE_MOSTLY_BF16);
    header.put("llama.vocab_size", shape.vocabulary());
    header.put("llama.context_length", shape.positions());
    header.put("llama.embedding_length", shape.hidden());
    header.put("llama.feed_forward_length", shape.intermediate());
    header.put("llama.block_count", shape.layers());
    header.put("llama.attention.head_count", shape.heads());
    header.put("llama.attention.head_count_kv", shape.keyValueHeads());
    header.put("llama.attention.key_length", shape.headWidth());
    header.put("llama.attention.value_length", shape.headWidth());
    header.put("llama.attention.layer_norm_rms_epsilon", shape.normEpsilon());
    header.put("llama.rope.dimension_count", shape.headWidth());
    header.put("llama.rope.freq_base", (float) shape.ropeTheta());
    GgufVocabulary.of(model.tokenizer(), shape.vocabulary()).putInto(header);
    header.put("tokenizer.ggml.bos_token_id", model.beginToken());
    header.put("tokenizer.ggml.eos_token_id", model.endToken());
    for (GgufTensor tensor : tensors) {
      Tensor source = tensor.source();
      if (source.vector()) {
        header.tensor(tensor.name(), tensor.type(), source.columns());
      } else {
        header.tensor(tensor.name(), tensor.type(), source.columns(), source.rows());
      }
    }
    return header;
  }

  private static void copy(SafetensorsFile weights, GgufTensor tensor, OutputStream out)
      throws IOException {
    Tensor source = tensor.source();
    MemorySegment bytes = weights.bytes(source);
    long rowBytes = (long) source.columns() * Short.BYTES;
    for (int row = 0; row < source.rows(); row++) {
      MemorySegment from = bytes.asSlice(tensor.sourceRow(row) * rowBytes, rowBytes);
      out.write(
          switch (tensor.type()) {
            case BFLOAT16 -> from.toArray(ValueLayout.JAVA_BYTE);
            case FLOAT32 -> widened(from);
          });
    }
    long written = tensor.type().sizeBytes(source.weights());
    out.write(new byte[(int) (GgufHeader.aligned(written) - written)]);
  }

  private static byte[] widened(MemorySegment bf16) {
    int count = (int) (bf16.byteSize() / Short.BYTES);
    ByteBuffer wide = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      wide.putFloat(Bfloat16.toFloat(bf16.getAtIndex(SHORT, i)));
    }
    return wide.array();
  }
}
