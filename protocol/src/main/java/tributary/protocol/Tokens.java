package tributary.protocol;

import java.util.Arrays;
import java.util.List;

/** An immutable run of token ids. */
public final class Tokens {
  public static final Tokens EMPTY = new Tokens(new int[0]);
  private final int[] ids;

  private Tokens(int[] ids) {
    this.ids = ids;
  }

  public static Tokens of(int... ids) {
    return ids.length == 0 ? EMPTY : new Tokens(ids.clone());
  }

  public int count() {
    return ids.length;
  }

  public int id(int index) {
    return ids[index];
  }

  /** The last {@code count} ids, or all where there are not so many. */
  public Tokens last(int count) {
    return count >= ids.length
        ? this
        : new Tokens(Arrays.copyOfRange(ids, ids.length - count, ids.length));
  }

  /** A copy that the caller owns. */
  public int[] toArray() {
    return ids.clone();
  }

  /** A copy for writers of JSON. */
  public List<Integer> asList() {
    return Arrays.stream(ids).boxed().toList();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Tokens tokens && Arrays.equals(ids, tokens.ids);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(ids);
  }

  @Override
  public String toString() {
    return Arrays.toString(ids);
  }
}
