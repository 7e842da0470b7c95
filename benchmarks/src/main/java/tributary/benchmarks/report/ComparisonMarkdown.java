package tributary.benchmarks.report;

import java.util.Locale;
import java.util.stream.Collectors;

/** A report as a Markdown document. */
public final class ComparisonMarkdown {
  private final ComparisonReport report;

  /** The document of a report. */
  public ComparisonMarkdown(ComparisonReport report) {
    this.report = report;
  }

  /** The whole document. */
  public String document() {
    Machine machine = report.machine();
    StringBuilder text = new StringBuilder("# Speed on a CPU\n\n");
    text.append("Written by the command below; every figure was measured in that run.\n\n");
    text.append("```\n").append(report.command()).append("\n```\n\n");
    text.append("- Date: ").append(report.date()).append('\n');
    text.append(
        String.format(
            Locale.ROOT,
            "- Machine: %s, %d cores, %d GiB, %s%n",
            machine.processor(), machine.cores(), machine.memoryGib(), machine.system()));
    text.append(
        String.format(
            Locale.ROOT,
            "- Its memory is read at %.1f GB/s, the best of %s before the engines ran and after"
                + " each model%n",
            machine.bestRead(), readings(machine)));
    text.append("- JDK: ").append(machine.jdk()).append('\n');
    report.settings().forEach((name, value) ->
        text.append("- ").append(name).append(": ").append(value).append('\n'));
    text.append("""

        A round runs every engine once, each in a process of its own; the figure is the median
        round, with the slowest and the fastest beside it. Tokens per second count all sequences,
        prompts excluded except where prompts are what is timed. "Weights read" is the bf16 weights
        of the model times the steps per second, and for one sequence its share of the speed at
        which this run's threads read memory, each summing 512 MiB. Greedy tokens are those of the
        first sequence, compared with %s's up to the first that differs; engines round at
        different places, so random weights part ways at a near tie.

        """.formatted(ModelComparison.REFERENCE));
    report.arithmetic().forEach((engine, what) ->
        text.append("- **").append(engine).append("**: ").append(what).append('\n'));
    return text.append(tables()).toString();
  }

  private static String readings(Machine machine) {
    return machine.readGigabytesPerSecond().stream()
        .map(Cells::number)
        .collect(Collectors.joining(", "));
  }

  /** Only the tables, each under its model's name. */
  public String tables() {
    StringBuilder text = new StringBuilder();
    for (ModelComparison model : report.models()) {
      text.append("\n## ").append(model.model()).append("\n\n");
      text.append(model.description()).append(".\n");
      Section.all(model, report.machine().bestRead()).forEach(section ->
          text.append("\n### ").append(section.title()).append("\n\n").append(section.table()));
      for (Figures figures : model.figures()) {
        figures.failures().stream().distinct().forEach(reason ->
            text.append("\n").append(figures.engine()).append(", ")
                .append(figures.work().label()).append(", failed: ").append(reason).append('\n'));
      }
    }
    return text.toString();
  }
}
