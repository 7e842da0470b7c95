package tributary.simulation.trace;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tributary.protocol.DeltaId;
import tributary.protocol.ErrorCode;
import tributary.protocol.TraceLine;
import tributary.protocol.TributaryException;

/** Writes a trace as {@link TraceLine}s. */
public final class TraceWriter implements AutoCloseable {
  private final Path file;
  private final BufferedWriter out;

  public TraceWriter(Path file) {
    this.file = file;
    try {
      out = Files.newBufferedWriter(file);
      out.write(TraceLine.HEADER);
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  /** Adds a row; its model, if any, must be a legal name of a variant. */
  public void write(TraceRow row) {
    String model = row.model();
    var line =
        new TraceLine(
            row.arrival(),
            model == null ? null : new DeltaId(model),
            row.promptTokens(),
            row.outputTokens());
    try {
      out.write(line.toJson());
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private TributaryException unwritable(IOException e) {
    return new TributaryException(
        ErrorCode.FILE_UNWRITABLE,
        "%s: the trace cannot be written: %s".formatted(file, e.getMessage()),
        e);
  }
}
