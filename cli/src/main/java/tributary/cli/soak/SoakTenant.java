package tributary.cli.soak;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tributary.protocol.DeltaId;
import tributary.protocol.Precision;

/**
 * One tenant and all answers that it may give.
 *
 * @param planes of its delta's signs; 0: low rank
 * @param floor the least width that it is served at
 * @param first version of its delta
 * @param second that it is upgraded to and rolled back from now and then; null: never
 */
record SoakTenant(
    DeltaId id, int planes, int floor, Path first, @Nullable Path second, List<Variation> answers) {
  /** Planes of every fourth tenant; the rest is of low rank. */
  private static final int PLANES_MOST = 3;

  /** The answers of one version at one width, by prompt. */
  record Variation(int width, List<Answer> byPrompt) {}

  /** The outcome of comparing one answer. */
  enum Verdict {
    /** The offline decoder's, token by token and logit by logit. */
    SAME,
    /** Its tokens, with other logits. */
    OTHER_LOGITS,
    /** Neither version at no width gives these tokens. */
    OTHER_TOKENS,
    /** Its width changed under way, so that no offline answer is like it. */
    MIXED_WIDTHS
  }

  /** A verdict, and how far log-probabilities were off. */
  record Comparison(Verdict verdict, double distance) {}

  static SoakTenant numbered(int number, Path directory) {
    int planes = planes(number);
    // Every eighth begins with its first plane and is raised while it is served.
    int floor = number % 8 == 3 ? 1 : Math.max(1, planes);
    boolean changes = number % 10 == 7;
    return new SoakTenant(
        new DeltaId("tenant-" + number),
        planes,
        floor,
        directory.resolve(number + ".delta"),
        changes ? directory.resolve(number + "-second.delta") : null,
        new ArrayList<>());
  }

  private static int planes(int number) {
    return switch (number % 4) {
      case 0, 1 -> 1;
      case 2 -> 0;
      default -> PLANES_MOST;
    };
  }

  /** The widths that it may be served at. */
  List<Integer> widths() {
    var widths = new ArrayList<Integer>();
    for (int width = floor; width <= Math.max(1, planes); width++) {
      widths.add(width);
    }
    return widths;
  }

  /**
   * Compares an answer, or the beginning of one that was broken off.
   *
   * @param precision that the answer tells; null where there is no choice, or it was broken off
   */
  Comparison compare(int prompt, Answer answer, @Nullable Precision precision) {
    boolean raised = floor < planes;
    if (raised && (precision == null || precision.least() < precision.greatest())) {
      return new Comparison(Verdict.MIXED_WIDTHS, 0);
    }
    Predicate<Variation> width =
        variation -> precision == null || variation.width == precision.greatest();
    double nearest =
        answers.stream()
            .filter(width)
            .map(variation -> variation.byPrompt.get(prompt))
            .filter(offline -> offline.beginsWith(answer))
            .mapToDouble(offline -> offline.distance(answer))
            .min()
            .orElse(-1);
    if (nearest < 0) {
      return new Comparison(Verdict.OTHER_TOKENS, 0);
    }
    return new Comparison(nearest > 0 ? Verdict.OTHER_LOGITS : Verdict.SAME, nearest);
  }
}
