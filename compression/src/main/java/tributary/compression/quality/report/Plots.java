package tributary.compression.quality.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import tributary.protocol.plot.Axis;
import tributary.protocol.plot.Axis.Scale;
import tributary.protocol.plot.LinePlot;
import tributary.protocol.plot.LinePlot.Point;
import tributary.protocol.plot.LinePlot.Series;

/** Size against what is kept, a line for each family of codecs. */
final class Plots {
  /** A divergence below this is that of rounding. */
  private static final double NOTHING = 1e-9;

  /** What is plotted against what. */
  private record Measure(
      String name,
      String title,
      String label,
      Scale scale,
      Function<CodecMean, @Nullable Double> value) {}

  private record Width(
      String name, String title, String label, ToDoubleFunction<CodecMean> value) {}

  private static final List<Width> WIDTHS =
      List.of(
          new Width(
              "linear",
              "linear layers",
              "bits per linear weight, resident",
              CodecMean::bitsPerLinearWeight),
          new Width(
              "resident",
              "whole delta when served",
              "bits per weight, resident, embeddings and all",
              CodecMean::bitsPerWeight),
          new Width(
              "file",
              "whole delta on disk",
              "bits per weight, file, embeddings and all",
              CodecMean::fileBitsPerWeight));

  private static final List<Measure> MEASURES =
      List.of(
          new Measure(
              "kl",
              "Divergence from the fine-tune",
              "KL from the fine-tune, nats per token",
              Scale.LOGARITHMIC,
              CodecMean::divergence),
          new Measure(
              "exact-match",
              "Exact match kept",
              "exact match, % of the fine-tune's",
              Scale.LINEAR,
              mean -> mean.exactMatchShare() == null ? null : 100 * mean.exactMatchShare()),
          new Measure(
              "perplexity",
              "Perplexity",
              "perplexity over the fine-tune's",
              Scale.LINEAR,
              CodecMean::perplexityRatio));

  private Plots() {}

  /** Plots by name; one that has nothing to show is left out. */
  static SequencedMap<String, LinePlot> of(List<CodecMean> means) {
    SequencedMap<String, LinePlot> plots = new LinkedHashMap<>();
    for (Measure measure : MEASURES) {
      for (Width width : WIDTHS) {
        LinePlot plot = plot(means, measure, width);
        if (plot != null) {
          plots.put(measure.name + "-by-" + width.name, plot);
        }
      }
    }
    return plots;
  }

  private static @Nullable LinePlot plot(List<CodecMean> means, Measure measure, Width width) {
    Map<String, List<Point>> byFamily = new LinkedHashMap<>();
    List<Double> xs = new ArrayList<>();
    List<Double> ys = new ArrayList<>();
    for (CodecMean mean : means) {
      Double y = measure.value.apply(mean);
      double x = width.value.applyAsDouble(mean);
      if (y != null && isShown(mean, measure, x, y)) {
        xs.add(x);
        ys.add(y);
        String label = "%s: %s bits, %s".formatted(mean.codec(), Axis.text(x), Axis.text(y));
        byFamily
            .computeIfAbsent(CodecFamily.of(mean.codec()), _ -> new ArrayList<>())
            .add(new Point(x, y, label));
      }
    }
    if (xs.isEmpty()) {
      return null;
    }
    List<Series> series =
        byFamily.entrySet().stream().map(e -> new Series(e.getKey(), e.getValue())).toList();
    return new LinePlot(
        measure.title + ": " + width.title,
        Axis.around(width.label, Scale.LOGARITHMIC, xs),
        Axis.around(measure.label, measure.scale, ys),
        series);
  }

  /** The fine-tune itself is no codec, and a logarithm has no place for exact copies. */
  private static boolean isShown(CodecMean mean, Measure measure, double x, double y) {
    boolean hasPlace = measure.scale == Scale.LINEAR || y > NOTHING;
    return hasPlace && x > 0 && !mean.codec().equals(ComparisonRow.UNCOMPRESSED);
  }
}
