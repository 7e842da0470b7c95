package tributary.model.family;

import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import tributary.gpu.Attention;
import tributary.protocol.Quoted;

/** How many positions each layer sees. */
public final class Windows {
  private Windows() {}

  /** Every layer sees everything. */
  public static List<Integer> everything(int layers) {
    return IntStream.range(0, layers).mapToObj(_ -> Attention.Scores.EVERYTHING).toList();
  }

  /**
   * Reads {@code sliding_window}, and {@code layer_types} for which layers have it.
   *
   * @param absent the window where {@code sliding_window} is missing
   * @param slides the layers that have it where there is no {@code layer_types}
   */
  public static List<Integer> read(ConfigKeys keys, int layers, int absent, IntPredicate slides) {
    int window = keys.integerOr("sliding_window", absent, 1, Attention.Scores.EVERYTHING);
    List<String> types = keys.texts("layer_types");
    if (!types.isEmpty() && types.size() != layers) {
      throw keys.complaint(
          "layer_types", "names %d layers; the model has %d".formatted(types.size(), layers));
    }
    return IntStream.range(0, layers)
        .mapToObj(layer ->
            (types.isEmpty() ? slides.test(layer) : slides(keys, types.get(layer)))
                ? window
                : Attention.Scores.EVERYTHING)
        .toList();
  }

  /**
   * As Qwen says it: windows only with {@code use_sliding_window}, in the layers from {@code
   * max_window_layers} on.
   */
  public static List<Integer> upper(ConfigKeys keys, int layers) {
    if (!keys.flagOr("use_sliding_window", false)) {
      return everything(layers);
    }
    int first = keys.integerOr("max_window_layers", 28, 0, ConfigKeys.COUNT_MAX);
    return read(keys, layers, Attention.Scores.EVERYTHING, layer -> layer >= first);
  }

  private static boolean slides(ConfigKeys keys, String type) {
    return switch (type) {
      case "sliding_attention" -> true;
      case "full_attention" -> false;
      case String other ->
          throw keys.complaint(
              "layer_types",
              "names %s; layers may be full_attention or sliding_attention"
                  .formatted(Quoted.of(other)));
    };
  }
}
