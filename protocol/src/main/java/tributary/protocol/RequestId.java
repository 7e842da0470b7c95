package tributary.protocol;

/** Names one sequence from its arrival until its last token; unique in the cluster. */
public record RequestId(String value) {
  @Override
  public String toString() {
    return value;
  }
}
