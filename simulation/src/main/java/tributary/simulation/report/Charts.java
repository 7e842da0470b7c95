package tributary.simulation.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import tributary.protocol.plot.Axis.Scale;
import tributary.protocol.plot.LinePlot;
import tributary.protocol.plot.LinePlot.Measure;
import tributary.protocol.plot.LinePlot.Point;
import tributary.protocol.plot.LinePlot.Series;
import tributary.simulation.report.ComparisonReport.Row;
import tributary.simulation.statistics.Distribution;
import tributary.simulation.statistics.Outcome;
import tributary.simulation.statistics.Timeline;

/** The plots of a report. */
final class Charts {
  private static final Measure SHARE = new Measure("share of requests", Scale.LINEAR);

  private Charts() {}

  static List<LinePlot> of(ComparisonReport report) {
    List<Optional<LinePlot>> charts =
        List.of(
            latency(report, "Time to first token", Outcome::firstToken),
            latency(report, "End to end", Outcome::endToEnd),
            latency(report, "Time per further token", Outcome::perToken),
            LinePlot.of(
                "Requests within a multiple of the objective",
                new Measure("multiple of the objective", Scale.LOGARITHMIC),
                SHARE,
                lines(report.systems(), Charts::attainment)),
            byTenants(report),
            LinePlot.of(
                "Tenants, the busiest first",
                new Measure("tenant's rank by requests", Scale.LINEAR),
                new Measure("mean time to first token, s", Scale.LOGARITHMIC),
                lines(report.systems(), Charts::fairness)),
            LinePlot.of(
                "Requests that wait",
                new Measure("time, s", Scale.LINEAR),
                new Measure("requests", Scale.LINEAR),
                lines(report.systems(), o -> times(o, Timeline.Sample::waiting))),
            tiers(report));
    return charts.stream().flatMap(Optional::stream).toList();
  }

  private static Optional<LinePlot> latency(
      ComparisonReport report, String title, Function<Outcome, Distribution> quantity) {
    return LinePlot.of(
        title,
        new Measure("seconds", Scale.LOGARITHMIC),
        SHARE,
        lines(report.systems(), outcome -> cumulative(quantity.apply(outcome))));
  }

  private static List<Point> cumulative(Distribution distribution) {
    return distribution.cumulative().stream()
        .map(step -> Point.at(step.value(), step.share()))
        .toList();
  }

  private static List<Point> attainment(Outcome outcome) {
    return outcome.attainment().stream()
        .map(each -> Point.at(each.factor(), each.share()))
        .toList();
  }

  private static List<Point> fairness(Outcome outcome) {
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < outcome.tenants().size(); i++) {
      points.add(Point.at(i + 1, outcome.tenants().get(i).firstTokenSeconds()));
    }
    return points;
  }

  private static Optional<LinePlot> byTenants(ComparisonReport report) {
    Map<String, List<Point>> bySystem = new LinkedHashMap<>();
    for (Row row : report.byTenants()) {
      Outcome outcome = row.outcome();
      if (outcome != null) {
        bySystem
            .computeIfAbsent(row.system(), _ -> new ArrayList<>())
            .add(Point.at(row.tenants(), outcome.requestsPerSecond() / row.gpus()));
      }
    }
    List<Series> lines = new ArrayList<>();
    bySystem.forEach((system, points) -> lines.add(new Series(system, points)));
    return LinePlot.of(
        "Throughput against tenants",
        new Measure("tenants", Scale.LOGARITHMIC),
        new Measure("requests per second and GPU", Scale.LOGARITHMIC),
        lines);
  }

  /** Of the first system, which is the one that the report is about. */
  private static Optional<LinePlot> tiers(ComparisonReport report) {
    Outcome outcome = report.systems().getFirst().outcome();
    if (outcome == null) {
      return Optional.empty();
    }
    return LinePlot.of(
        "Tiers of " + report.systems().getFirst().system(),
        new Measure("time, s", Scale.LINEAR),
        new Measure("tenants", Scale.LINEAR),
        List.of(
            new Series("on the device", times(outcome, Timeline.Sample::device)),
            new Series("in host memory", times(outcome, Timeline.Sample::host)),
            new Series("on their way", times(outcome, Timeline.Sample::loading))));
  }

  private static List<Point> times(Outcome outcome, Function<Timeline.Sample, Integer> value) {
    return outcome.timeline().stream()
        .map(sample -> Point.at(sample.seconds(), value.apply(sample)))
        .toList();
  }

  private static List<Series> lines(List<Row> rows, Function<Outcome, List<Point>> points) {
    List<Series> lines = new ArrayList<>();
    for (Row row : rows) {
      Outcome outcome = row.outcome();
      if (outcome != null) {
        lines.add(new Series(row.system(), points.apply(outcome)));
      }
    }
    return lines;
  }
}
