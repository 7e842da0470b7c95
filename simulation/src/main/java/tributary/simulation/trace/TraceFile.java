package tributary.simulation.trace;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.Nanos;
import tributary.protocol.TributaryException;

/**
 * A trace file, read line by line. Rows that are a little late are put in order; the first to
 * arrive counts as time zero.
 */
public final class TraceFile implements Trace {
  private record Numbered(RawRow row, long line) {}

  private final Path file;
  private final TraceRules rules;
  private final BoundedLines lines;
  private final RowParser parser;
  private @Nullable String pending;

  private final PriorityQueue<Numbered> held =
      new PriorityQueue<>(
          Comparator.<Numbered>comparingLong(each -> each.row.nanos())
              .thenComparingLong(each -> each.line));

  private boolean begun;
  private long origin;
  private long latest;
  private long skipped;

  private TraceFile(Path file, TraceRules rules, BoundedLines lines) throws IOException {
    this.file = file;
    this.rules = rules;
    this.lines = lines;
    String first = lines.next().orElse("");
    try {
      TraceFormat format = TraceFormat.of(first).orElseThrow(() -> unknown(first));
      parser = format.parser(first);
      pending = format.hasHeader() ? null : first;
    } catch (RowFault fault) {
      throw refused(lines.number(), fault.reason());
    }
  }

  /** Opens a file of any format that is known. */
  public static TraceFile open(Path file, TraceRules rules) {
    BoundedLines lines = null;
    try {
      lines = new BoundedLines(Files.newInputStream(file));
      return new TraceFile(file, rules, lines);
    } catch (NoSuchFileException e) {
      throw new TributaryException(
          ErrorCode.FILE_NOT_FOUND, "no trace %s; name one with --trace".formatted(file), e);
    } catch (IOException e) {
      throw unreadable(file, e);
    } catch (RuntimeException e) {
      close(lines, file);
      throw e;
    }
  }

  @Override
  public Optional<TraceRow> next() {
    while (held.size() <= rules.reorderRows()) {
      Optional<Numbered> row = read();
      if (row.isEmpty()) {
        break;
      }
      held.add(row.get());
    }
    return Optional.ofNullable(held.poll()).map(this::inOrder);
  }

  @Override
  public long skipped() {
    return skipped;
  }

  @Override
  public void close() {
    close(lines, file);
  }

  private TraceRow inOrder(Numbered next) {
    RawRow row = next.row;
    if (!begun) {
      begun = true;
      origin = row.nanos();
    } else if (row.nanos() < latest) {
      throw refused(
          next.line,
          "it arrives %.3f s before a row that lies more than %d rows above it; sort the file by time"
              .formatted((latest - row.nanos()) / 1e9, rules.reorderRows()));
    }
    latest = row.nanos();
    return new TraceRow(
        new Nanos(latest - origin),
        row.model(),
        Math.max(row.promptTokens(), 1),
        Math.max(row.outputTokens(), 1));
  }

  /** The next row that the rules let through. */
  private Optional<Numbered> read() {
    for (Optional<String> line = line(); line.isPresent(); line = line()) {
      if (line.get().isEmpty()) {
        continue; // Files end with empty lines.
      }
      try {
        if (lines.isTooLong()) {
          throw new RowFault("it has more than %d bytes".formatted(BoundedLines.LENGTH_MAX));
        }
        RawRow row = parser.parse(line.get());
        if (isLetIn(row)) {
          return Optional.of(new Numbered(row, lines.number()));
        }
        skipped++;
      } catch (RowFault fault) {
        switch (rules.malformed()) {
          case REFUSE -> throw refused(lines.number(), fault.reason());
          case SKIP -> skipped++;
        }
      }
    }
    return Optional.empty();
  }

  private boolean isLetIn(RawRow row) {
    if (row.promptTokens() > 0 && row.outputTokens() > 0) {
      return true;
    }
    return switch (rules.zeroTokens()) {
      case SKIP -> false;
      case ONE -> true;
      case REFUSE ->
          throw refused(
              lines.number(),
              "it has %d prompt and %d output tokens; both must be at least 1, or choose what becomes"
                      .formatted(row.promptTokens(), row.outputTokens())
                  + " of such rows with --zero-tokens");
    };
  }

  private Optional<String> line() {
    if (pending != null) {
      Optional<String> first = Optional.of(pending);
      pending = null;
      return first;
    }
    try {
      return lines.next();
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private RuntimeException unknown(String first) {
    return refused(
        1,
        "'%s' begins no trace that is known: Azure or BurstGPT CSV, DeltaZip, Mooncake or Tributary"
                .formatted(first.length() <= 60 ? first : first.substring(0, 60) + "…")
            + " JSON lines");
  }

  private TributaryException refused(long line, String why) {
    return new TributaryException(
        ErrorCode.TRACE_FORMAT, "%s, line %d: %s".formatted(file, line, why));
  }

  private static TributaryException unreadable(Path file, IOException e) {
    return new TributaryException(
        ErrorCode.FILE_UNREADABLE, "%s cannot be read: %s".formatted(file, e.getMessage()), e);
  }

  private static void close(@Nullable BoundedLines lines, Path file) {
    try {
      if (lines != null) {
        lines.close();
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }
}
