package tributary.model.peft;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.SafetensorsFile;
import tributary.tensor.format.LowRank;

/** What an adapter's file holds for one module of the base, by the parts that PEFT names. */
final class AdapterModule {
  private static final String PREFIX = "base_model.model.";
  private static final String SAVED = "modules_to_save.";
  private static final String DOWN = "lora_A.weight";
  private static final String UP = "lora_B.weight";
  private static final String BIAS = "lora_B.bias";
  private static final String EMBEDDING_DOWN = "lora_embedding_A";
  private static final String EMBEDDING_UP = "lora_embedding_B";
  private static final String MAGNITUDE = "lora_magnitude_vector";

  private final Map<String, TensorView> parts = new HashMap<>();
  private final SortedMap<String, TensorView> whole = new TreeMap<>();

  private AdapterModule() {}

  /** All modules of a file by name; whole tensors are each a module. */
  static SortedMap<String, AdapterModule> of(Path directory, SafetensorsFile file) {
    SortedMap<String, AdapterModule> modules = new TreeMap<>();
    for (String key : file.names()) {
      if (!key.startsWith(PREFIX)) {
        throw new TributaryException(
            ErrorCode.DELTA_FORMAT,
            "%s: tensor %s does not begin with %s, as PEFT's do"
                .formatted(directory, Quoted.of(key), PREFIX));
      }
      String name = key.substring(PREFIX.length());
      int part = name.indexOf(".lora_");
      if (part < 0) {
        String tensor = name.replace(SAVED, "");
        modules
            .computeIfAbsent(tensor, _ -> new AdapterModule())
            .whole
            .put(tensor, file.tensor(key));
      } else {
        modules
            .computeIfAbsent(name.substring(0, part), _ -> new AdapterModule())
            .put(directory, key, name.substring(part + 1), file.tensor(key));
      }
    }
    return modules;
  }

  private void put(Path directory, String key, String part, TensorView value) {
    switch (part) {
      case DOWN, UP, BIAS, EMBEDDING_DOWN, EMBEDDING_UP, MAGNITUDE -> parts.put(part, value);
      case MAGNITUDE + ".weight" -> parts.put(MAGNITUDE, value);
      default ->
          throw new TributaryException(
              ErrorCode.DELTA_FORMAT,
              "%s: tensor %s is of no part of an adapter that this build knows"
                  .formatted(directory, Quoted.of(key)));
    }
  }

  /** Tensors that stand in for the base's. */
  SortedMap<String, TensorView> whole() {
    return whole;
  }

  boolean hasFactors() {
    return !parts.isEmpty();
  }

  /** Magnitudes of rows, with DoRA. */
  @Nullable TensorView magnitude() {
    return parts.get(MAGNITUDE);
  }

  @Nullable TensorView bias() {
    return parts.get(BIAS);
  }

  /** The difference that the factors make; those of embeddings are stored transposed. */
  LowRank factors(Path directory, String module, float scale) {
    if (parts.containsKey(EMBEDDING_DOWN)) {
      if (magnitude() != null) {
        throw new TributaryException(
            ErrorCode.DELTA_FORMAT,
            "%s: module %s has magnitudes on embeddings, which this build does not compute"
                .formatted(directory, module));
      }
      return new LowRank(
          transposed(required(directory, module, EMBEDDING_DOWN)),
          transposed(required(directory, module, EMBEDDING_UP)),
          scale);
    }
    if (magnitude() != null && bias() != null) {
      throw new TributaryException(
          ErrorCode.DELTA_FORMAT,
          "%s: module %s has magnitudes and a bias of its upper factor; only one is computed"
              .formatted(directory, module));
    }
    try {
      return new LowRank(required(directory, module, UP), required(directory, module, DOWN), scale);
    } catch (IllegalArgumentException e) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE, "%s: module %s: %s".formatted(directory, module, e.getMessage()));
    }
  }

  private TensorView required(Path directory, String module, String part) {
    TensorView value = parts.get(part);
    if (value == null) {
      throw new TributaryException(
          ErrorCode.MISSING_TENSOR,
          "%s: module %s lacks its %s".formatted(directory, module, part));
    }
    if (value.shape().rank() != 2) {
      throw new TributaryException(
          ErrorCode.TENSOR_SHAPE,
          "%s: module %s: %s is %s; a factor has two dimensions"
              .formatted(directory, module, part, value.shape()));
    }
    return value;
  }

  private static TensorView transposed(TensorView matrix) {
    int rows = Math.toIntExact(matrix.shape().dimension(0));
    int columns = Math.toIntExact(matrix.shape().dimension(1));
    float[] from = matrix.toFloats();
    float[] to = new float[from.length];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        to[column * rows + row] = from[row * columns + column];
      }
    }
    return TensorView.of(Shape.of(columns, rows), to);
  }
}
