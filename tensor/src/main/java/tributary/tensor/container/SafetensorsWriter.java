package tributary.tensor.container;

import java.nio.file.Path;
import java.util.Map;
import java.util.SequencedMap;
import tributary.tensor.TensorView;

/** Writes a safetensors file: whole or not at all. */
public final class SafetensorsWriter {
  /**
   * Writes tensors in the map's order (so that a prefix of the file can be useful) to a temporary
   * file beside {@code path}, forces it to disk and moves it into place.
   */
  public static void write(
      Path path, Map<String, String> metadata, SequencedMap<String, TensorView> tensors) {
    throw new UnsupportedOperationException();
  }
}
