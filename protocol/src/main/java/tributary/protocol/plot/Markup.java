package tributary.protocol.plot;

/** Text as it may stand in XML and HTML. */
public final class Markup {
  private Markup() {}

  public static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
