package tributary.protocol.plot;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import tributary.protocol.plot.Axis.Scale;
import tributary.protocol.plot.Svg.Anchor;

/** Lines through points, with a legend; those of few points have them marked. */
public record LinePlot(String title, Axis x, Axis y, List<Series> series) {
  /** Points of one kind, from left to right. */
  public record Series(String name, List<Point> points) {
    public Series {
      points = points.stream().sorted(Comparator.comparingDouble(Point::x)).toList();
    }
  }

  /**
   * One place on a line.
   *
   * @param label shown by the pointer where the point is marked
   */
  public record Point(double x, double y, String label) {
    /** A point that says where it lies. */
    public static Point at(double x, double y) {
      return new Point(x, y, Axis.text(x) + ", " + Axis.text(y));
    }
  }

  /**
   * What an axis says and how it counts.
   *
   * @param label with the unit
   */
  public record Measure(String label, Scale scale) {
    private boolean fits(double value) {
      return Double.isFinite(value) && (scale == Scale.LINEAR || value > 0);
    }

    private Axis around(List<Series> series, ToDoubleFunction<Point> value) {
      List<Double> values = new ArrayList<>();
      for (Series each : series) {
        each.points.forEach(point -> values.add(value.applyAsDouble(point)));
      }
      return Axis.around(label, scale, values);
    }
  }

  private static final int WIDTH = 780;
  private static final int HEIGHT = 430;
  private static final int LEFT = 74;
  private static final int RIGHT = 240;
  private static final int TOP = 40;
  private static final int BOTTOM = 54;
  private static final int PLOT_WIDTH = WIDTH - LEFT - RIGHT;
  private static final int PLOT_HEIGHT = HEIGHT - TOP - BOTTOM;
  private static final int LEGEND_LINE = 21;

  /** More points than these are a curve, and marks would hide it. */
  private static final int MARKED_MAX = 40;

  /** Characters of a name that the legend has room for. */
  private static final int NAME_MAX = 25;

  /** Told apart on white and on black. */
  private static final List<String> COLOURS =
      List.of(
          "#2f7fdd", "#e0731d", "#2e9e4f", "#d6455d", "#8f63d2", "#12a0a8", "#b5852a", "#d152a8",
          "#7b8a99");

  private static final List<String> CURVES = List.of("", "8 4", "3 3");

  /** A disc, a square, a triangle and a diamond around a place that precedes them. */
  private static final List<String> MARKS =
      List.of(
          "m0-4.5a4.5 4.5 0 1 0 .01 0z",
          "m-4.2-4.2h8.4v8.4h-8.4z",
          "m0-5.4l5.4 9.2h-10.8z",
          "m0-5.6l5.6 5.6l-5.6 5.6l-5.6-5.6z");

  /** The points that the axes have a place for; nothing if there is none. */
  public static Optional<LinePlot> of(String title, Measure x, Measure y, List<Series> series) {
    List<Series> shown = new ArrayList<>();
    for (Series each : series) {
      List<Point> points =
          each.points.stream().filter(point -> x.fits(point.x) && y.fits(point.y)).toList();
      if (!points.isEmpty()) {
        shown.add(new Series(each.name, points));
      }
    }
    if (shown.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new LinePlot(title, x.around(shown, Point::x), y.around(shown, Point::y), shown));
  }

  /** The plot as an SVG document that follows the reader's light or dark scheme. */
  public String toSvg() {
    Svg svg = new Svg(WIDTH, HEIGHT, title);
    svg.heading(LEFT, 22, title);
    drawAxes(svg);
    for (int index = 0; index < series.size(); index++) {
      drawSeries(svg, index);
      drawLegend(svg, index);
    }
    return svg.toString();
  }

  private void drawAxes(Svg svg) {
    int bottom = TOP + PLOT_HEIGHT;
    int right = LEFT + PLOT_WIDTH;
    for (double tick : x.ticks()) {
      svg.line("rule", left(tick), TOP, left(tick), bottom);
      svg.text("soft", Anchor.MIDDLE, left(tick), bottom + 18, Axis.text(tick));
    }
    for (double tick : y.ticks()) {
      svg.line("rule", LEFT, top(tick), right, top(tick));
      svg.text("soft", Anchor.END, LEFT - 8, top(tick) + 4, Axis.text(tick));
    }
    svg.line("edge", LEFT, bottom, right, bottom);
    svg.line("edge", LEFT, TOP, LEFT, bottom);
    svg.text("ink", Anchor.MIDDLE, LEFT + PLOT_WIDTH / 2.0, HEIGHT - 14, x.label());
    svg.upwards(18, TOP + PLOT_HEIGHT / 2.0, y.label());
  }

  private void drawSeries(Svg svg, int index) {
    List<Point> points = series.get(index).points;
    String path =
        points.stream()
            .map(point -> Svg.place(left(point.x), top(point.y)))
            .collect(Collectors.joining("L", "M", ""));
    svg.stroke(path, colour(index), dashes(index));
    if (isMarked(index)) {
      for (Point point : points) {
        svg.shape(
            "M" + Svg.place(left(point.x), top(point.y)) + mark(index), colour(index), point.label);
      }
    }
  }

  private void drawLegend(Svg svg, int index) {
    String name = series.get(index).name;
    double from = LEFT + PLOT_WIDTH + 16;
    double at = TOP + 10 + (double) index * LEGEND_LINE;
    svg.stroke("M" + Svg.place(from, at) + "h22", colour(index), dashes(index));
    if (isMarked(index)) {
      svg.shape("M" + Svg.place(from + 11, at) + mark(index), colour(index), name);
    }
    String shown = name.length() <= NAME_MAX ? name : name.substring(0, NAME_MAX - 1) + "…";
    svg.text("ink", Anchor.START, from + 30, at + 4, shown);
  }

  private boolean isMarked(int index) {
    return series.get(index).points.size() <= MARKED_MAX;
  }

  private double left(double value) {
    return LEFT + x.place(value) * PLOT_WIDTH;
  }

  private double top(double value) {
    return TOP + (1 - y.place(value)) * PLOT_HEIGHT;
  }

  private static String colour(int index) {
    return COLOURS.get(index % COLOURS.size());
  }

  private static String mark(int index) {
    return MARKS.get(index % MARKS.size());
  }

  /** Colours that come again are dashed; so are curves, lest one hides another below it. */
  private String dashes(int index) {
    if (isMarked(index)) {
      return index < COLOURS.size() ? "" : "5 3";
    }
    return CURVES.get(index % CURVES.size());
  }
}
