package tributary.compression.quality.report;

import static tributary.compression.quality.report.Markup.escaped;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Lines through marked points, as SVG that follows the reader's light or dark scheme.
 *
 * @param series at most as many as are told apart are worth looking at
 */
record LinePlot(String title, Axis x, Axis y, List<Series> series) {
  /** Points of one kind, from left to right. */
  record Series(String name, List<Point> points) {
    Series {
      points = points.stream().sorted(Comparator.comparingDouble(Point::x)).toList();
    }
  }

  /**
   * One mark.
   *
   * @param label shown by the pointer
   */
  record Point(double x, double y, String label) {}

  private static final int WIDTH = 760;
  private static final int HEIGHT = 430;
  private static final int LEFT = 74;
  private static final int RIGHT = 224;
  private static final int TOP = 40;
  private static final int BOTTOM = 54;
  private static final int PLOT_WIDTH = WIDTH - LEFT - RIGHT;
  private static final int PLOT_HEIGHT = HEIGHT - TOP - BOTTOM;
  private static final int LEGEND_LINE = 21;
  private static final double MARK = 4.5;

  /** Told apart on white and on black; then they repeat with other marks. */
  private static final List<String> COLOURS =
      List.of(
          "#2f7fdd", "#e0731d", "#2e9e4f", "#d6455d", "#8f63d2", "#12a0a8", "#b5852a", "#d152a8");

  private static final String STYLE =
      """
      .ink{fill:#1f2328}.soft{fill:#59636e}.rule{stroke:#d1d9e0}.edge{stroke:#818b98}
      @media(prefers-color-scheme:dark){
      .ink{fill:#e6edf3}.soft{fill:#9aa4af}.rule{stroke:#31373e}.edge{stroke:#717a84}}
      """;

  String toSvg() {
    StringBuilder out = new StringBuilder();
    add(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\""
            + " role=\"img\" aria-label=\"%s\" font-family=\"system-ui,Helvetica,Arial,sans-serif\""
            + " font-size=\"12\">\n<style>%s</style>\n",
        WIDTH,
        HEIGHT,
        WIDTH,
        HEIGHT,
        escaped(title),
        STYLE);
    add(
        out,
        "<text class=\"ink\" x=\"%d\" y=\"22\" font-size=\"15\" font-weight=\"600\">%s</text>\n",
        LEFT,
        escaped(title));
    addGrid(out);
    for (int index = 0; index < series.size(); index++) {
      addSeries(out, index);
      addLegend(out, index);
    }
    return out.append("</svg>\n").toString();
  }

  private void addGrid(StringBuilder out) {
    for (double tick : x.ticks()) {
      double at = left(tick);
      addLine(out, "rule", at, TOP, at, TOP + PLOT_HEIGHT);
      addText(out, "soft\" text-anchor=\"middle", at, TOP + PLOT_HEIGHT + 18, Axis.text(tick));
    }
    for (double tick : y.ticks()) {
      double at = top(tick);
      addLine(out, "rule", LEFT, at, LEFT + PLOT_WIDTH, at);
      addText(out, "soft\" text-anchor=\"end", LEFT - 8, at + 4, Axis.text(tick));
    }
    addLine(out, "edge", LEFT, TOP + PLOT_HEIGHT, LEFT + PLOT_WIDTH, TOP + PLOT_HEIGHT);
    addLine(out, "edge", LEFT, TOP, LEFT, TOP + PLOT_HEIGHT);
    double middle = LEFT + PLOT_WIDTH / 2.0;
    addText(out, "ink\" text-anchor=\"middle", middle, HEIGHT - 14, x.label());
    double height = TOP + PLOT_HEIGHT / 2.0;
    add(
        out,
        "<text class=\"ink\" text-anchor=\"middle\" transform=\"translate(18 %.1f) rotate(-90)\">"
            + "%s</text>\n",
        height,
        escaped(y.label()));
  }

  private void addSeries(StringBuilder out, int index) {
    Series one = series.get(index);
    StringBuilder path = new StringBuilder();
    for (Point point : one.points) {
      add(path, "%s%.1f %.1f", path.isEmpty() ? "M" : "L", left(point.x), top(point.y));
    }
    add(
        out,
        "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\"/>\n",
        path,
        colour(index));
    for (Point point : one.points) {
      addMark(out, index, left(point.x), top(point.y), point.label);
    }
  }

  private void addLegend(StringBuilder out, int index) {
    double at = TOP + 10 + (double) index * LEGEND_LINE;
    double from = LEFT + PLOT_WIDTH + 16;
    add(
        out,
        "<path d=\"M%.1f %.1fh22\" stroke=\"%s\" stroke-width=\"1.8\"/>\n",
        from,
        at,
        colour(index));
    addMark(out, index, from + 11, at, series.get(index).name);
    addText(out, "ink", from + 30, at + 4, series.get(index).name);
  }

  private static void addMark(
      StringBuilder out, int index, double x, double y, String label) {
    add(out, "<path fill=\"%s\" d=\"", colour(index));
    double r = MARK;
    switch (index % 4) {
      case 0 ->
          add(out, "M%.1f %.1fa%.1f %.1f 0 1 0 .01 0z", x, y - r, r, r);
      case 1 ->
          add(out, "M%.1f %.1fh%.1fv%.1fh%.1fz", x - r, y - r, 2 * r, 2 * r, -2 * r);
      case 2 ->
          add(out, "M%.1f %.1fl%.1f %.1fh%.1fz", x, y - r - 1, r + 1, 2 * r, -2 * r - 2);
      default ->
          add(
              out,
              "M%.1f %.1fl%.1f %.1fl%.1f %.1fl%.1f %.1fz",
              x,
              y - r - 1,
              r + 1,
              r + 1,
              -r - 1,
              r + 1,
              -r - 1,
              -r - 1);
    }
    add(out, "\"><title>%s</title></path>\n", escaped(label));
  }

  private static void addLine(
      StringBuilder out, String style, double x1, double y1, double x2, double y2) {
    add(
        out,
        "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
        style,
        x1,
        y1,
        x2,
        y2);
  }

  private static void addText(
      StringBuilder out, String style, double x, double y, String text) {
    add(out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", style, x, y, escaped(text));
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

  private static void add(StringBuilder out, String format, Object... values) {
    out.append(String.format(Locale.ROOT, format, values));
  }
}
