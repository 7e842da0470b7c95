package tributary.compression.quality.report;

import java.util.Locale;

/** Writes an SVG drawing that follows the reader's light or dark scheme. */
final class Svg {
  /** Colours by what is drawn; in the dark the others. */
  private static final String STYLE =
      """
      .ink{fill:#1f2328}.soft{fill:#59636e}.rule{stroke:#d1d9e0}.edge{stroke:#818b98}
      @media(prefers-color-scheme:dark){
      .ink{fill:#e6edf3}.soft{fill:#9aa4af}.rule{stroke:#31373e}.edge{stroke:#717a84}}
      """;

  /** Which part of a text lies at its place. */
  enum Anchor {
    START,
    MIDDLE,
    END
  }

  private final StringBuilder out = new StringBuilder();

  Svg(int width, int height, String label) {
    add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\"",
        width, height, width, height);
    add(
        " role=\"img\" aria-label=\"%s\" font-family=\"system-ui,Helvetica,Arial,sans-serif\""
            + " font-size=\"12\">\n<style>%s</style>\n",
        Markup.escaped(label), STYLE);
  }

  /** A line of the style {@code rule} or {@code edge}. */
  void line(String style, double x1, double y1, double x2, double y2) {
    add("<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", style, x1, y1, x2, y2);
  }

  /** Text of the style {@code ink} or {@code soft}. */
  void text(String style, Anchor anchor, double x, double y, String text) {
    add(
        "<text class=\"%s\" text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>\n",
        style, anchor.name().toLowerCase(Locale.ROOT), x, y, Markup.escaped(text));
  }

  /** Text that is read from below. */
  void upwards(double x, double y, String text) {
    add(
        "<text class=\"ink\" text-anchor=\"middle\" transform=\"translate(%.1f %.1f) rotate(-90)\">",
        x, y);
    add("%s</text>\n", Markup.escaped(text));
  }

  void heading(double x, double y, String text) {
    add("<text class=\"ink\" x=\"%.1f\" y=\"%.1f\" font-size=\"15\" font-weight=\"600\">", x, y);
    add("%s</text>\n", Markup.escaped(text));
  }

  /** A polyline along {@code path}, dashed as {@code dashes} says, if it says anything. */
  void stroke(String path, String colour, String dashes) {
    add(
        "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\" stroke-dasharray=\"%s\"/>\n",
        path, colour, dashes.isEmpty() ? "none" : dashes);
  }

  /** A filled shape with a text that the pointer shows. */
  void shape(String path, String colour, String title) {
    add(
        "<path d=\"%s\" fill=\"%s\"><title>%s</title></path>\n",
        path, colour, Markup.escaped(title));
  }

  @Override
  public String toString() {
    return out + "</svg>\n";
  }

  private void add(String format, Object... values) {
    out.append(String.format(Locale.ROOT, format, values));
  }
}
