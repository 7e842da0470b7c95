package tributary.benchmarks.report;

import java.util.Collections;
import java.util.Locale;
import java.util.OptionalDouble;

/** A decode report as a Markdown document. */
public final class DecodeMarkdown {
  private static final String NONE = "-";

  private final DecodeReport report;

  /** The document of a report. */
  public DecodeMarkdown(DecodeReport report) {
    this.report = report;
  }

  /** The whole document. */
  public String document() {
    Machine machine = report.machine();
    StringBuilder text = new StringBuilder("# Decode speed on a CPU\n\n");
    text.append("Written by the command below; every figure was measured in that run.\n\n");
    text.append("```\n").append(report.command()).append("\n```\n\n");
    text.append("- Date: ").append(report.date()).append('\n');
    text.append(
        String.format(
            Locale.ROOT,
            "- Machine: %s, %d cores, %d GiB, %s; its memory is read at %.1f GB/s%n",
            machine.processor(), machine.cores(), machine.memoryGib(), machine.system(),
            machine.readGigabytesPerSecond()));
    text.append("- JDK: ").append(machine.jdk()).append('\n');
    report.settings().forEach((name, value) ->
        text.append("- ").append(name).append(": ").append(value).append('\n'));
    text.append("""

        A round runs every engine once, each in a process of its own; the figure is the median
        round, with the slowest and the fastest beside it. Tokens per second count all sequences
        of the batch, prompts excluded. "Weights read" is the bf16 weights of the model times the
        steps per second. Greedy tokens are compared with %s's up to the first that differs;
        engines round at different places, so random weights part ways at a near tie.

        """.formatted(ModelComparison.REFERENCE));
    report.arithmetic().forEach((engine, what) ->
        text.append("- **").append(engine).append("**: ").append(what).append('\n'));
    return text.append(tables()).toString();
  }

  /** Only the tables, each under its model's name. */
  public String tables() {
    StringBuilder text = new StringBuilder();
    for (ModelComparison model : report.models()) {
      text.append("\n## ").append(model.model()).append("\n\n");
      text.append(model.description()).append(".\n\n").append(table(model));
      for (Figures figures : model.figures()) {
        figures.failures().stream().distinct().forEach(reason ->
            text.append("\n").append(figures.engine()).append(", batch ").append(figures.batch())
                .append(", failed: ").append(reason).append('\n'));
      }
    }
    return text.toString();
  }

  private static MarkdownTable table(ModelComparison model) {
    MarkdownTable table =
        new MarkdownTable(
            "engine", "batch", "tokens/s", "slowest to fastest", "ms/step", "weights read, GB/s",
            ModelComparison.OURS + " is", "same first tokens");
    for (Figures figures : model.figures()) {
      OptionalDouble median = figures.median();
      if (median.isEmpty()) {
        table.row(
            figures.engine(), Integer.toString(figures.batch()), "failed", NONE, NONE, NONE, NONE,
            NONE);
        continue;
      }
      double stepsPerSecond = median.getAsDouble() / figures.batch();
      table.row(
          figures.engine(),
          Integer.toString(figures.batch()),
          number(median.getAsDouble()),
          number(Collections.min(figures.tokensPerSecond())) + " to "
              + number(Collections.max(figures.tokensPerSecond())),
          number(1e3 / stepsPerSecond),
          number(stepsPerSecond * model.bytesPerStep() / 1e9),
          ratio(model, figures, median.getAsDouble()),
          agreement(model, figures));
    }
    return table;
  }

  private static String ratio(ModelComparison model, Figures figures, double tokensPerSecond) {
    if (figures.engine().equals(ModelComparison.OURS)) {
      return NONE;
    }
    OptionalDouble ours =
        model.of(ModelComparison.OURS, figures.batch()).map(Figures::median)
            .orElse(OptionalDouble.empty());
    return ours.isEmpty() ? NONE : number(ours.getAsDouble() / tokensPerSecond) + " x as fast";
  }

  private static String agreement(ModelComparison model, Figures figures) {
    if (figures.engine().equals(ModelComparison.REFERENCE) || figures.firstTokens().isEmpty()) {
      return NONE;
    }
    return model
        .of(ModelComparison.REFERENCE, figures.batch())
        .filter(reference -> !reference.firstTokens().isEmpty())
        .map(reference ->
            reference.promptTokens().equals(figures.promptTokens())
                ? figures.agreeingTokens(reference) + " of " + reference.firstTokens().size()
                : "other prompt tokens")
        .orElse(NONE);
  }

  private static String number(double value) {
    int digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }
}
