package tributary.compression.quality.compare;

import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import tributary.compression.TensorRoles;
import tributary.compression.inspect.DeltaInspection;
import tributary.compression.quality.report.ComparisonRow.Size;
import tributary.tensor.container.Checkpoint;

/** What a delta takes, and per which weights. */
final class DeltaSizes {
  private DeltaSizes() {}

  /** The sizes of a delta file of the fine-tune in {@code model}. */
  static Size of(Path delta, Path model, int width) {
    DeltaInspection found = DeltaInspection.of(delta, width);
    TensorRoles roles = TensorRoles.of(model);
    try (Checkpoint tuned = Checkpoint.open(model)) {
      Set<String> linears =
          tuned.names().stream()
              .filter(name -> !roles.isVocabulary(name) && tuned.tensor(name).shape().rank() == 2)
              .collect(Collectors.toSet());
      long weights =
          linears.stream().mapToLong(name -> tuned.tensor(name).shape().elements()).sum();
      long linearBytes =
          found.tensors().stream()
              .filter(tensor -> linears.contains(tensor.name()))
              .mapToLong(DeltaSizes::bytes)
              .sum();
      long bytes = found.tensors().stream().mapToLong(DeltaSizes::bytes).sum();
      return new Size(
          found.fileBytes(),
          bytes,
          found.originalBytes(),
          bits(linearBytes, weights),
          bits(bytes, found.originalElements()),
          bits(found.fileBytes(), found.originalElements()));
    }
  }

  /** The sizes of the fine-tune itself. */
  static Size uncompressed(Path model) {
    try (Checkpoint tuned = Checkpoint.open(model)) {
      long bytes = 0;
      long elements = 0;
      for (String name : tuned.names()) {
        bytes += tuned.tensor(name).data().byteSize();
        elements += tuned.tensor(name).shape().elements();
      }
      double bits = bits(bytes, elements);
      return new Size(bytes, bytes, bytes, bits, bits, bits);
    }
  }

  /** An archive is not served; it takes what it takes in the file. */
  private static long bytes(DeltaInspection.Tensor tensor) {
    return tensor.kind().equals("exact") ? tensor.bytes() : tensor.residentBytes();
  }

  private static double bits(long bytes, long weights) {
    return weights == 0 ? 0 : (double) Byte.SIZE * bytes / weights;
  }
}
