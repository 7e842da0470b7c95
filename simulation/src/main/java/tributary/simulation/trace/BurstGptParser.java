package tributary.simulation.trace;

import java.util.List;

/**
 * BurstGPT, versions 1.1 and 1.2: {@code Timestamp} in seconds, {@code Request tokens}, {@code
 * Response tokens}. Its {@code Model} names the service that was asked, not a fine-tune, so rows
 * carry no model. Failures have no response tokens.
 */
final class BurstGptParser implements RowParser {
  static final String TIME = "Timestamp";
  static final String PROMPT = "Request tokens";
  static final String OUTPUT = "Response tokens";

  private final CsvColumns columns;

  BurstGptParser(CsvColumns columns) {
    this.columns = columns;
  }

  @Override
  public RawRow parse(String line) throws RowFault {
    List<String> cells = columns.cells(line);
    return new RawRow(
        CsvColumns.nanos(TIME, columns.cell(cells, TIME)),
        null,
        columns.tokens(cells, PROMPT),
        columns.tokens(cells, OUTPUT));
  }
}
