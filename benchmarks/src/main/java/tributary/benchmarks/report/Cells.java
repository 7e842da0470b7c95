package tributary.benchmarks.report;

import java.util.Collections;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import tributary.benchmarks.engines.Work;

/** What the cells of a row say of one engine's figures beside the others'. */
record Cells(ModelComparison model, Figures figures) {
  static final String NONE = "-";

  /** Three digits that count. */
  static String number(double value) {
    int digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  String engine() {
    return figures.engine();
  }

  String sequences() {
    return Integer.toString(figures.work().sequences());
  }

  String tokensPerSecond() {
    OptionalDouble median = figures.median();
    return median.isEmpty() ? "failed" : number(median.getAsDouble());
  }

  String slowestToFastest() {
    return figures.tokensPerSecond().isEmpty()
        ? NONE
        : number(Collections.min(figures.tokensPerSecond())) + " to "
            + number(Collections.max(figures.tokensPerSecond()));
  }

  /** How long so many tokens take, all sequences together. */
  String milliseconds(int tokens) {
    OptionalDouble median = figures.median();
    return median.isEmpty() ? NONE : number(1e3 * tokens / median.getAsDouble());
  }

  /** Weights of the base that are read a second, each once a step of all sequences. */
  String weightsRead() {
    OptionalDouble speed = weightsGigabytesPerSecond();
    return speed.isEmpty() ? NONE : number(speed.getAsDouble());
  }

  /** The same as a share of what memory can give; of one sequence, which is bound by it. */
  String shareOfReadSpeed(double readGigabytesPerSecond) {
    OptionalDouble speed = weightsGigabytesPerSecond();
    return speed.isEmpty() || figures.work().sequences() > 1
        ? NONE
        : String.format(Locale.ROOT, "%.0f%%", 100 * speed.getAsDouble() / readGigabytesPerSecond);
  }

  private OptionalDouble weightsGigabytesPerSecond() {
    OptionalDouble median = figures.median();
    return median.isEmpty()
        ? median
        : OptionalDouble.of(
            median.getAsDouble() / figures.work().sequences() * model.bytesPerStep() / 1e9);
  }

  /** How many times as fast ours is, in a kind of work that may be another. */
  String oursIn(Work work) {
    OptionalDouble median = figures.median();
    OptionalDouble ours =
        model.of(ModelComparison.OURS, work).map(Figures::median).orElse(OptionalDouble.empty());
    return figures.engine().equals(ModelComparison.OURS) || median.isEmpty() || ours.isEmpty()
        ? NONE
        : number(ours.getAsDouble() / median.getAsDouble()) + " x as fast";
  }

  /** How many first tokens are the reference's in the same work. */
  String agreement() {
    Optional<Figures> reference =
        model.of(ModelComparison.REFERENCE, figures.work())
            .filter(other -> !other.firstTokens().isEmpty());
    if (figures.engine().equals(ModelComparison.REFERENCE)
        || figures.firstTokens().isEmpty()
        || reference.isEmpty()) {
      return NONE;
    }
    return reference.get().promptTokens().equals(figures.promptTokens())
        ? figures.agreeingTokens(reference.get()) + " of " + reference.get().firstTokens().size()
        : "other prompt tokens";
  }
}
