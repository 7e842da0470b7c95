package tributary.simulation.trace;

/**
 * What is done with rows that cannot be simulated as they stand.
 *
 * @param malformed about lines that cannot be read
 * @param zeroTokens about requests without a prompt or without an answer
 * @param reorderRows how many rows are held back to put late ones in order; a row that is later
 *     than that is refused
 */
public record TraceRules(Fault malformed, ZeroTokens zeroTokens, int reorderRows) {
  public static final TraceRules STRICT = new TraceRules(Fault.REFUSE, ZeroTokens.SKIP, 1024);

  /** What becomes of a faulty line. */
  public enum Fault {
    /** The run ends and names the line. */
    REFUSE,
    /** The line is left out and counted. */
    SKIP
  }

  /** What becomes of a request of nothing, which is how some traces record a failure. */
  public enum ZeroTokens {
    /** The run ends and names the line. */
    REFUSE,
    /** The row is left out and counted. */
    SKIP,
    /** The row counts as one of one token. */
    ONE
  }
}
