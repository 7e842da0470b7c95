package tributary.simulation.trace;

import java.util.Optional;
import tributary.protocol.TraceLine;

/** How a trace file is written; told by its first line. */
public enum TraceFormat {
  AZURE,
  BURSTGPT,
  DELTAZIP,
  MOONCAKE,
  TRIBUTARY;

  /** The format that a file with this first line has, if any is known. */
  static Optional<TraceFormat> of(String firstLine) throws RowFault {
    if (!firstLine.startsWith("{")) {
      var columns = new CsvColumns(firstLine);
      if (columns.has(AzureParser.TIME) && columns.has(AzureParser.PROMPT)) {
        return Optional.of(AZURE);
      }
      boolean burst = columns.has(BurstGptParser.TIME) && columns.has(BurstGptParser.PROMPT);
      return burst ? Optional.of(BURSTGPT) : Optional.empty();
    }
    JsonFields fields = JsonFields.of(firstLine);
    if (TraceLine.FORMAT.equals(fields.text("format"))) {
      return Optional.of(TRIBUTARY);
    }
    if (fields.has("prompt") && fields.has("max_tokens")) {
      return Optional.of(DELTAZIP);
    }
    return fields.has("input_length") ? Optional.of(MOONCAKE) : Optional.empty();
  }

  /** Whether the first line says what follows and is no row itself. */
  boolean hasHeader() {
    return switch (this) {
      case AZURE, BURSTGPT, TRIBUTARY -> true;
      case DELTAZIP, MOONCAKE -> false;
    };
  }

  RowParser parser(String firstLine) throws RowFault {
    return switch (this) {
      case AZURE ->
          new AzureParser(
              checked(firstLine, AzureParser.TIME, AzureParser.PROMPT, AzureParser.OUTPUT));
      case BURSTGPT ->
          new BurstGptParser(
              checked(
                  firstLine, BurstGptParser.TIME, BurstGptParser.PROMPT, BurstGptParser.OUTPUT));
      case DELTAZIP -> JsonParsers.DELTAZIP;
      case MOONCAKE -> JsonParsers.MOONCAKE;
      case TRIBUTARY -> {
        String version = JsonFields.of(firstLine).required("version");
        if (!version.equals(Integer.toString(TraceLine.VERSION))) {
          throw new RowFault(
              "the trace has version %s; this build reads %d"
                  .formatted(version, TraceLine.VERSION));
        }
        yield JsonParsers.TRIBUTARY;
      }
    };
  }

  private static CsvColumns checked(String header, String... names) throws RowFault {
    var columns = new CsvColumns(header);
    for (String name : names) {
      if (!columns.has(name)) {
        throw new RowFault("the header has no column " + name);
      }
    }
    return columns;
  }
}
