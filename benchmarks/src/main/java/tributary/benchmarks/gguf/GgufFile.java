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
import tributary.benchmarks.weights.SafetensorsFile;
import tributary.benchmarks.weights.Tensor;

/**
 * A GGUF file to be written: what it says about itself, and which weights go where.
 *
 * @param metadata its entries; the tensors are declared after them
 */
record GgufFile(GgufHeader metadata, List<GgufTensor> tensors) {
  private static final int BUFFER_BYTES = 1 << 20;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Copies the weights into the file, which appears under its name only when it is complete. */
  Path writeTo(Path file, SafetensorsFile weights) throws IOException {
    Path partial = file.resolveSibling(file.getFileName() + ".partial");
    for (GgufTensor tensor : tensors) {
      Tensor source = tensor.source();
      if (source.vector()) {
        metadata.tensor(tensor.name(), tensor.type(), source.columns());
      } else {
        metadata.tensor(tensor.name(), tensor.type(), source.columns(), source.rows());
      }
    }
    try (var out = new BufferedOutputStream(Files.newOutputStream(partial), BUFFER_BYTES)) {
      out.write(metadata.toArray());
      for (GgufTensor tensor : tensors) {
        copy(weights, tensor, out);
      }
    }
    return Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
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
