package tributary.compression.lossless;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.Quoted;
import tributary.protocol.TributaryException;
import tributary.tensor.DType;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.container.TensorSource;
import tributary.tensor.format.DeltaTensor.Archived;

/**
 * Tensors in a delta file, coded losslessly. An archive has one stream, a {@link LosslessTensor},
 * and the parameter {@code prediction}, which says what it was coded over:
 *
 * <pre>
 * none     nothing
 * base     the base's tensor that the parameter {@code tensor} names
 * delta    that tensor of the model which another, lossy delta makes of the base
 * absent   the fine-tune lacks this tensor of its base; no stream
 * </pre>
 *
 * @param base whose tensors predict
 * @param delta the lossy model whose tensors predict instead; null when there is none
 */
public record ArchivedTensors(TensorSource base, @Nullable TensorSource delta) {
  private static final String EMBEDDINGS = "model.embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";
  private static final String PREDICTION = "prediction";
  private static final String TENSOR = "tensor";
  private static final String NONE = "none";
  private static final String BASE = "base";
  private static final String DELTA = "delta";
  private static final String ABSENT = "absent";

  /** Marks a tensor that only the base has. */
  public static Archived absent() {
    return new Archived(
        DType.U8, Shape.of(0), new TreeMap<>(Map.of(PREDICTION, ABSENT)), List.of());
  }

  /** True when the fine-tune lacks this tensor of its base. */
  public static boolean isAbsent(Archived archived) {
    return ABSENT.equals(archived.parameters().get(PREDICTION));
  }

  /** Codes a tensor of the fine-tune. */
  public Archived encode(String name, TensorView tuned) {
    TensorSource source = delta == null ? base : delta;
    String predicting = predicting(source, name);
    TensorView predictor = predicting == null ? null : source.tensor(predicting);
    if (predictor != null && predictor.shape().elements() > tuned.shape().elements()) {
      predictor = null;
    }
    SortedMap<String, String> parameters = new TreeMap<>();
    if (predictor == null || predicting == null) {
      parameters.put(PREDICTION, NONE);
    } else {
      parameters.put(PREDICTION, delta == null ? BASE : DELTA);
      parameters.put(TENSOR, predicting);
    }
    byte[] coded = LosslessTensor.encode(tuned, predictor);
    return new Archived(
        tuned.type(), tuned.shape(), parameters, List.of(MemorySegment.ofArray(coded)));
  }

  /**
   * Restores a tensor into memory of {@code arena}, bit by bit.
   *
   * @throws TributaryException if the archive is not one of these, is damaged, or was coded over
   *     something else
   */
  public TensorView restore(String name, Archived archived, Arena arena) {
    if (archived.streams().size() != 1) {
      throw fault(name, "found %d streams, wanted one".formatted(archived.streams().size()));
    }
    TensorView predictor = predictor(name, archived.parameters());
    long bytes = Math.multiplyExact(archived.shape().elements(), archived.type().bytes());
    if (predictor != null && predictor.shape().elements() > archived.shape().elements()) {
      throw fault(name, "what predicts it is larger than it is");
    }
    TensorView out =
        new TensorView(archived.type(), archived.shape(), arena.allocate(bytes, Long.BYTES));
    LosslessTensor.decode(name, archived.streams().getFirst(), predictor, out);
    return out;
  }

  /** A head that only the fine-tune has is closest to the base's embeddings. */
  private static @Nullable String predicting(TensorSource source, String name) {
    if (source.names().contains(name)) {
      return name;
    }
    return name.equals(HEAD) && source.names().contains(EMBEDDINGS) ? EMBEDDINGS : null;
  }

  private @Nullable TensorView predictor(String name, SortedMap<String, String> parameters) {
    String prediction = parameters.getOrDefault(PREDICTION, "");
    String tensor = parameters.getOrDefault(TENSOR, name);
    return switch (prediction) {
      case NONE -> null;
      case BASE -> base.tensor(tensor);
      case DELTA -> {
        if (delta == null) {
          throw new TributaryException(
              ErrorCode.USAGE,
              "tensor %s was archived over a lossy delta; name that delta, too"
                  .formatted(Quoted.of(name)));
        }
        yield delta.tensor(tensor);
      }
      default ->
          throw fault(
              name,
              "it was coded over %s; this build knows none, base and delta"
                  .formatted(Quoted.of(prediction)));
    };
  }

  private static TributaryException fault(String name, String fault) {
    return new TributaryException(
        ErrorCode.DELTA_FORMAT,
        "archived tensor %s: %s; it was made by another codec or a later build"
            .formatted(Quoted.of(name), fault));
  }
}
