package tributary.simulation.trace;

import java.util.ArrayList;
import java.util.List;

/** The named columns of a CSV file without quotes, as the public traces are. */
final class CsvColumns {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final double SECONDS_MAX = 4e9;

  private final List<String> names;

  CsvColumns(String header) {
    this.names = split(header).stream().map(String::strip).toList();
  }

  boolean has(String name) {
    return names.contains(name);
  }

  /** The cells of a line, as many as there are columns. */
  List<String> cells(String line) throws RowFault {
    List<String> cells = split(line);
    if (cells.size() != names.size()) {
      throw new RowFault(
          "it has %d cells; the header has %d".formatted(cells.size(), names.size()));
    }
    return cells;
  }

  String cell(List<String> cells, String name) {
    return cells.get(names.indexOf(name)).strip();
  }

  int tokens(List<String> cells, String name) throws RowFault {
    String cell = cell(cells, name);
    try {
      int count = Integer.parseInt(cell);
      if (count >= 0) {
        return count;
      }
    } catch (NumberFormatException e) {
      // Told below, as a negative number is.
    }
    throw new RowFault("%s is '%s'; it must be a whole number from 0".formatted(name, cell));
  }

  static long nanos(String name, String seconds) throws RowFault {
    try {
      double value = Double.parseDouble(seconds);
      if (value >= 0 && value <= SECONDS_MAX) {
        long whole = (long) value;
        return whole * NANOS_PER_SECOND + Math.round((value - whole) * NANOS_PER_SECOND);
      }
    } catch (NumberFormatException e) {
      // Told below, as a number out of range is.
    }
    throw new RowFault("%s is '%s'; it must be seconds from 0".formatted(name, seconds));
  }

  private static List<String> split(String line) {
    List<String> cells = new ArrayList<>();
    int from = 0;
    for (int comma = line.indexOf(','); comma >= 0; comma = line.indexOf(',', from)) {
      cells.add(line.substring(from, comma));
      from = comma + 1;
    }
    cells.add(line.substring(from));
    return cells;
  }
}
