package tributary.simulation.trace;

import java.nio.charset.StandardCharsets;

/** The formats that hold one JSON object a line. */
enum JsonParsers implements RowParser {
  /**
   * DeltaZip's workloads: {@code timestamp} in seconds, {@code model}, {@code prompt} as text and
   * {@code max_tokens}, which the answer fills. The prompt's tokens are not in the file; a token is
   * taken for {@value #BYTES_PER_TOKEN} bytes of text.
   */
  DELTAZIP {
    @Override
    public RawRow parse(String line) throws RowFault {
      JsonFields fields = JsonFields.of(line);
      int bytes = fields.required("prompt").getBytes(StandardCharsets.UTF_8).length;
      return new RawRow(
          fields.nanos("timestamp", NANOS_PER_SECOND),
          fields.required("model"),
          Math.ceilDiv(bytes, BYTES_PER_TOKEN),
          fields.tokens("max_tokens"));
    }
  },
  /** Mooncake: {@code timestamp} in milliseconds, {@code input_length}, {@code output_length}. */
  MOONCAKE {
    @Override
    public RawRow parse(String line) throws RowFault {
      JsonFields fields = JsonFields.of(line);
      return new RawRow(
          fields.nanos("timestamp", NANOS_PER_SECOND / 1e3),
          null,
          fields.tokens("input_length"),
          fields.tokens("output_length"));
    }
  },
  /**
   * Our own: {@code arrival_ns}, {@code prompt_tokens}, {@code output_tokens} and, if known, {@code
   * model}. Its first line names format and version.
   */
  TRIBUTARY {
    @Override
    public RawRow parse(String line) throws RowFault {
      JsonFields fields = JsonFields.of(line);
      return new RawRow(
          fields.nanos("arrival_ns", 1),
          fields.text("model"),
          fields.tokens("prompt_tokens"),
          fields.tokens("output_tokens"));
    }
  };

  private static final double NANOS_PER_SECOND = 1e9;
  static final int BYTES_PER_TOKEN = 4;
}
