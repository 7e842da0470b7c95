package tributary.protocol.plot;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tributary.protocol.plot.Axis.Scale;
import tributary.protocol.plot.LinePlot.Measure;
import tributary.protocol.plot.LinePlot.Point;
import tributary.protocol.plot.LinePlot.Series;

class PageTest {
  private static final Measure SIZE = new Measure("size, bytes", Scale.LOGARITHMIC);
  private static final Measure TIME = new Measure("time, s", Scale.LINEAR);

  @Test
  void a_page_escapes_what_it_shows_and_needs_no_other_file() {
    String page =
        new Page("a <b>")
            .heading("<h>")
            .remark("x & y")
            .verbatim("--it \"all\"")
            .list(List.of("<li>"))
            .table(List.of("<th>"), List.of(List.of("<td>")))
            .plots(plot(point(1), point(2)))
            .toHtml();
    assertThat(page)
        .contains("<title>a &lt;b&gt;</title>", "<h2>&lt;h&gt;</h2>", "x &amp; y")
        .contains("--it &quot;all&quot;", "<li>&lt;li&gt;</li>", "<th>&lt;th&gt;</th>")
        .contains("<td>&lt;td&gt;</td>", "<svg", "prefers-color-scheme:dark")
        .doesNotContain("src=", "href=", "<script", "@import");
  }

  @Test
  void points_without_a_place_are_left_out_and_a_plot_without_points_is_none() {
    Point nowhere = Point.at(0, 1);
    assertThat(plot(nowhere, Point.at(Double.NaN, 1))).isEmpty();
    assertThat(plot(nowhere, point(3)).getFirst().series().getFirst().points())
        .containsExactly(point(3));
  }

  @Test
  void few_points_are_marked_and_many_are_a_curve() {
    assertThat(plot(point(1), point(2)).getFirst().toSvg())
        .contains("<title>1, 1</title>", "<title>2, 2</title>");
    Point[] many = IntStream.rangeClosed(1, 41).mapToObj(PageTest::point).toArray(Point[]::new);
    assertThat(plot(many).getFirst().toSvg()).doesNotContain("<title>");
  }

  private static Point point(int value) {
    return Point.at(value, value);
  }

  private static List<LinePlot> plot(Point... points) {
    return LinePlot.of("plot", SIZE, TIME, List.of(new Series("line", List.of(points)))).stream()
        .toList();
  }
}
