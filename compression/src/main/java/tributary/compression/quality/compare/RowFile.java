package tributary.compression.quality.compare;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tributary.compression.quality.report.ComparisonRow;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;
import tributary.tensor.container.WholeFile;

/**
 * Finished rows of a comparison, one JSON object a line, so that an interrupted run goes on where
 * it was. The first line says what all rows have in common; rows of another run are refused.
 */
final class RowFile {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What all rows of a file have in common. */
  record Common(
      @JsonProperty("base") String base,
      @JsonProperty("limit") int limit,
      @JsonProperty("samples") int samples) {}

  private final @Nullable Path file;
  private final List<ComparisonRow> rows;

  private RowFile(@Nullable Path file, List<ComparisonRow> rows) {
    this.file = file;
    this.rows = rows;
  }

  /** Rows that are kept in memory only. */
  static RowFile inMemory() {
    return new RowFile(null, new ArrayList<>());
  }

  /** Goes on with a file, or begins it. A last line that was cut short is dropped. */
  static RowFile open(Path file, Common common) {
    try {
      List<ComparisonRow> rows = new ArrayList<>();
      if (Files.exists(file)) {
        read(file, common, rows);
      }
      StringBuilder whole = new StringBuilder(JSON.writeValueAsString(common)).append('\n');
      for (ComparisonRow row : rows) {
        whole.append(JSON.writeValueAsString(row)).append('\n');
      }
      WholeFile.write(file, whole.toString().getBytes(StandardCharsets.UTF_8));
      return new RowFile(file, rows);
    } catch (IOException e) {
      throw unwritable(file, e);
    }
  }

  private static void read(Path file, Common common, List<ComparisonRow> rows) throws IOException {
    List<String> lines = Files.readAllLines(file);
    for (int number = 0; number < lines.size(); number++) {
      try {
        if (number == 0) {
          requireSame(file, common, JSON.readValue(lines.getFirst(), Common.class));
        } else {
          rows.add(JSON.readValue(lines.get(number), ComparisonRow.class));
        }
      } catch (JsonProcessingException e) {
        if (number < lines.size() - 1) {
          throw new TributaryException(
              ErrorCode.INVALID_JSON,
              "%s, line %d: %s; delete the file to begin again"
                  .formatted(file, number + 1, e.getOriginalMessage()),
              e);
        }
      }
    }
  }

  private static void requireSame(Path file, Common wanted, Common found) {
    if (!wanted.equals(found)) {
      throw new TributaryException(
          ErrorCode.USAGE,
          "%s holds rows of another run: %s, this one has %s; name another directory or delete it"
              .formatted(file, found, wanted));
    }
  }

  List<ComparisonRow> rows() {
    return List.copyOf(rows);
  }

  boolean holds(String model, String codec) {
    return rows.stream().anyMatch(row -> row.model().equals(model) && row.codec().equals(codec));
  }

  /** Keeps a row. */
  void add(ComparisonRow row) {
    rows.add(row);
    if (file != null) {
      try {
        Files.writeString(file, JSON.writeValueAsString(row) + "\n", StandardOpenOption.APPEND);
      } catch (IOException e) {
        throw unwritable(file, e);
      }
    }
  }

  private static TributaryException unwritable(Path file, IOException e) {
    return new TributaryException(
        ErrorCode.FILE_UNWRITABLE, "%s cannot be kept: %s".formatted(file, e.getMessage()), e);
  }
}
