package tributary.tensor.container;

import java.nio.file.Path;
import java.util.SequencedMap;
import tributary.tensor.format.DeltaTensor;

/**
 * A delta file of format 1: a valid safetensors file whose metadata carries a manifest. (The byte
 * level specification belongs here.)
 */
public final class DeltaFile implements AutoCloseable {
  public static final int FORMAT = 1;

  /**
   * Maps and validates the file: manifest, layouts, sizes. Does not read every byte: see {@link
   * #verifyChecksums()}.
   */
  public static DeltaFile open(Path path) {
    throw new UnsupportedOperationException();
  }

  /** Writes a delta: whole or not at all; plane 0 of all tensors before plane 1 of any. */
  public static void write(
      Path path, DeltaManifest manifest, SequencedMap<String, DeltaTensor> tensors) {
    throw new UnsupportedOperationException();
  }

  public DeltaManifest manifest() {
    throw new UnsupportedOperationException();
  }

  /** Every difference, by the fine-tune's tensor name, in file order. Views die with the file. */
  public SequencedMap<String, DeltaTensor> tensors() {
    throw new UnsupportedOperationException();
  }

  /** Reads all bytes; throws {@code delta_checksum} naming the first tensor that is damaged. */
  public void verifyChecksums() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
