package tributary.benchmarks.report;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import tributary.benchmarks.engines.Work;

/** Figures of one model that belong side by side: a table under a title. */
record Section(String title, MarkdownTable table) {

  /** Those that there are figures for. */
  static List<Section> all(ModelComparison model, double readGigabytesPerSecond) {
    return Stream.of(decode(model, readGigabytesPerSecond), fineTunes(model), prefill(model))
        .flatMap(Optional::stream)
        .toList();
  }

  private static Optional<Section> decode(ModelComparison model, double readGigabytesPerSecond) {
    MarkdownTable table =
        new MarkdownTable(
            "engine", "batch", "tokens/s", "slowest to fastest", "ms/step", "weights read, GB/s",
            "of the read speed", ModelComparison.OURS + " is", "same first tokens");
    List<Cells> rows = rows(model, Work.Decode.class::isInstance);
    rows.forEach(row ->
        table.row(
            row.engine(),
            row.sequences(),
            row.tokensPerSecond(),
            row.slowestToFastest(),
            row.milliseconds(row.figures().work().sequences()),
            row.weightsRead(),
            row.shareOfReadSpeed(readGigabytesPerSecond),
            row.oursIn(row.figures().work()),
            row.agreement()));
    return titled(rows, _ -> "Decode", table);
  }

  /** Ours with deltas of signs is held against others' adapters too: either is a fine-tune. */
  private static Optional<Section> fineTunes(ModelComparison model) {
    List<Cells> rows =
        rows(
            model,
            work -> work instanceof Work.OneBitDeltas || work instanceof Work.LoraAdapters);
    MarkdownTable table =
        new MarkdownTable(
            "engine", "fine-tunes", "tokens/s", "slowest to fastest", "ms for a token of each",
            ModelComparison.OURS + " with one-bit deltas is",
            ModelComparison.OURS + " with LoRA is", "same first tokens");
    rows.forEach(row -> {
      Work work = row.figures().work();
      table.row(
          row.engine(),
          work.label(),
          row.tokensPerSecond(),
          row.slowestToFastest(),
          row.milliseconds(work.sequences()),
          row.oursIn(new Work.OneBitDeltas(work.sequences(), work.tokens())),
          row.oursIn(new Work.LoraAdapters(work.sequences(), work.tokens())),
          row.agreement());
    });
    return titled(rows, work -> work.sequences() + " fine-tunes at once", table);
  }

  private static Optional<Section> prefill(ModelComparison model) {
    MarkdownTable table =
        new MarkdownTable(
            "engine", "prompt tokens", "tokens/s", "slowest to fastest", "ms to the first token",
            ModelComparison.OURS + " is", "same first token");
    List<Cells> rows = rows(model, Work.Prefill.class::isInstance);
    for (Cells row : rows) {
      if (row.figures().work() instanceof Work.Prefill(int promptTokens)) {
        table.row(
            row.engine(),
            Integer.toString(promptTokens),
            row.tokensPerSecond(),
            row.slowestToFastest(),
            row.milliseconds(promptTokens),
            row.oursIn(row.figures().work()),
            row.agreement());
      }
    }
    return titled(rows, work -> "Prefill: a " + work.label(), table);
  }

  private static List<Cells> rows(ModelComparison model, Predicate<Work> wanted) {
    return model.figures().stream()
        .filter(figures -> wanted.test(figures.work()))
        .map(figures -> new Cells(model, figures))
        .toList();
  }

  private static Optional<Section> titled(
      List<Cells> rows, Function<Work, String> title, MarkdownTable table) {
    return rows.stream()
        .findFirst()
        .map(row -> new Section(title.apply(row.figures().work()), table));
  }
}
