package tributary.protocol.plot;

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
    String size = width + "\" height=\"" + height;
    out.append("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"").append(size);
    out.append("\" viewBox=\"0 0 ").append(width).append(' ').append(height);
    out.append("\" role=\"img\" aria-label=\"").append(Markup.escaped(label));
    out.append(
        "\" font-family=\"system-ui,Helvetica,Arial,sans-serif\" font-size=\"14\">\n<style>");
    out.append(STYLE).append("</style>\n");
  }

  /** Coordinates as paths take them, the same in every country. */
  static String place(double x, double y) {
    return number(x) + " " + number(y);
  }

  /** A line of the style {@code rule} or {@code edge}. */
  void line(String style, double x1, double y1, double x2, double y2) {
    out.append("<path class=\"").append(style).append("\" d=\"M").append(place(x1, y1));
    out.append('L').append(place(x2, y2)).append("\"/>\n");
  }

  /** Text of the style {@code ink} or {@code soft}. */
  void text(String style, Anchor anchor, double x, double y, String text) {
    out.append("<text class=\"").append(style).append("\" text-anchor=\"");
    out.append(anchor.name().toLowerCase(Locale.ROOT)).append("\" x=\"").append(number(x));
    out.append("\" y=\"").append(number(y)).append("\">");
    end(text);
  }

  /** Text that is read from below. */
  void upwards(double x, double y, String text) {
    out.append("<text class=\"ink\" text-anchor=\"middle\" transform=\"translate(");
    out.append(place(x, y)).append(") rotate(-90)\">");
    end(text);
  }

  void heading(double x, double y, String text) {
    out.append("<text class=\"ink\" font-size=\"17\" font-weight=\"600\" x=\"").append(number(x));
    out.append("\" y=\"").append(number(y)).append("\">");
    end(text);
  }

  private void end(String text) {
    out.append(Markup.escaped(text)).append("</text>\n");
  }

  /** A polyline along {@code path}, with dashes as {@code dashes} says, if it says anything. */
  void stroke(String path, String colour, String dashes) {
    out.append("<path fill=\"none\" stroke-width=\"1.8\" stroke=\"").append(colour);
    if (!dashes.isEmpty()) {
      out.append("\" stroke-dasharray=\"").append(dashes);
    }
    out.append("\" d=\"").append(path).append("\"/>\n");
  }

  /** A filled shape with a text that the pointer shows. */
  void shape(String path, String colour, String title) {
    out.append("<path fill=\"").append(colour).append("\" d=\"").append(path);
    out.append("\"><title>").append(Markup.escaped(title)).append("</title></path>\n");
  }

  @Override
  public String toString() {
    return out + "</svg>\n";
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
