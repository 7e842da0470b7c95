package tributary.simulation.trace;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.List;

/**
 * Azure LLM inference traces of 2023 and 2024: {@code TIMESTAMP,ContextTokens,GeneratedTokens} with
 * a time such as {@code 2023-11-16 18:15:46.6805900}, of which the fraction and a zone at the end
 * may be missing.
 */
final class AzureParser implements RowParser {
  static final String TIME = "TIMESTAMP";
  static final String PROMPT = "ContextTokens";
  static final String OUTPUT = "GeneratedTokens";

  private static final int FRACTION_DIGITS = 9;
  private static final int SECOND_END = 19;

  private final CsvColumns columns;

  AzureParser(CsvColumns columns) {
    this.columns = columns;
  }

  @Override
  public RawRow parse(String line) throws RowFault {
    List<String> cells = columns.cells(line);
    return new RawRow(
        nanos(columns.cell(cells, TIME)),
        null,
        columns.tokens(cells, PROMPT),
        columns.tokens(cells, OUTPUT));
  }

  private static long nanos(String time) throws RowFault {
    try {
      long day =
          LocalDate.of(number(time, 0, 4), number(time, 5, 7), number(time, 8, 10)).toEpochDay();
      int hour = number(time, 11, 13);
      int minute = number(time, 14, 16);
      int second = number(time, 17, SECOND_END);
      if (hour < 24 && minute < 60 && second < 61 && isSeparated(time)) {
        long seconds = ((day * 24 + hour) * 60 + minute) * 60 + second;
        return Math.addExact(Math.multiplyExact(seconds, 1_000_000_000L), fraction(time));
      }
    } catch (NumberFormatException
        | IndexOutOfBoundsException
        | DateTimeException
        | ArithmeticException e) {
      // Told below.
    }
    throw new RowFault(TIME + " is '" + time + "'; it must be like 2023-11-16 18:15:46.6805900");
  }

  private static boolean isSeparated(String time) {
    return time.charAt(4) == '-'
        && time.charAt(7) == '-'
        && (time.charAt(10) == ' ' || time.charAt(10) == 'T')
        && time.charAt(13) == ':'
        && time.charAt(16) == ':';
  }

  private static long fraction(String time) {
    if (time.length() == SECOND_END) {
      return 0;
    }
    int at = SECOND_END;
    long nanos = 0;
    if (time.charAt(at) == '.') {
      int digits = 0;
      for (at++; at < time.length() && Character.isDigit(time.charAt(at)); at++) {
        if (digits++ < FRACTION_DIGITS) {
          nanos = nanos * 10 + (time.charAt(at) - '0');
        }
      }
      for (; digits < FRACTION_DIGITS; digits++) {
        nanos *= 10;
      }
    }
    String zone = time.substring(at);
    if (!zone.isEmpty() && !zone.equals("Z") && !zone.equals("+00:00")) {
      throw new NumberFormatException(zone);
    }
    return nanos;
  }

  private static int number(String text, int from, int to) {
    return Integer.parseInt(text, from, to, 10);
  }
}
