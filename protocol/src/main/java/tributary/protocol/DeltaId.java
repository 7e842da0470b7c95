package tributary.protocol;

import java.util.regex.Pattern;

/**
 * The name of a served variant: what a request's {@code model} field says. The base is served under
 * a name of its own, with an empty delta.
 *
 * <p>Names are safe in paths, URLs and metric labels: letters, digits, {@code . _ -}, not starting
 * with a dot or a dash, at most {@value #LENGTH_MAX} characters.
 */
public record DeltaId(String name) implements Comparable<DeltaId> {
  public static final int LENGTH_MAX = 128;
  private static final Pattern LEGAL = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]*");

  public DeltaId {
    if (!isLegal(name)) {
      throw new TributaryException(
          ErrorCode.INVALID_NAME,
          "model name %s: use 1 to %d letters, digits, '.', '_' or '-', starting with a letter or digit"
              .formatted(Quoted.of(name), LENGTH_MAX));
    }
  }

  public static boolean isLegal(String name) {
    return name.length() <= LENGTH_MAX && LEGAL.matcher(name).matches();
  }

  @Override
  public int compareTo(DeltaId other) {
    return name.compareTo(other.name);
  }

  @Override
  public String toString() {
    return name;
  }
}
