package tributary.simulation.trace;

/** Says why a line is no row; the reader adds the file and the line's number. */
final class RowFault extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;

  RowFault(String reason) {
    super(reason);
    this.reason = reason;
  }

  String reason() {
    return reason;
  }
}
