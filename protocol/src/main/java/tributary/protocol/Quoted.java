package tributary.protocol;

/** Text from outside as it may stand in an error message: quoted, cut and without control codes. */
public final class Quoted {
  private static final int LENGTH_MAX = 80;

  private Quoted() {}

  public static String of(String text) {
    String cut = text.length() <= LENGTH_MAX ? text : text.substring(0, LENGTH_MAX) + "...";
    return "'" + cut.replaceAll("\\p{Cntrl}", "?") + "'";
  }
}
