package tributary.simulation.cost;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** Reads and writes cost models as JSON, with a format version. */
public final class CostFile {
  private static final String FORMAT = "tributary-cost-model";
  private static final int VERSION = 2;
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private record Document(
      @JsonProperty("format") @Nullable String format,
      @JsonProperty("version") int version,
      @JsonProperty("costs") @Nullable CostModel costs) {}

  private CostFile() {}

  public static void write(CostModel costs, Path file) {
    try {
      Files.writeString(
          file, MAPPER.writeValueAsString(new Document(FORMAT, VERSION, costs)) + "\n");
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNWRITABLE,
          "%s: the cost model cannot be written: %s".formatted(file, e.getMessage()),
          e);
    }
  }

  public static CostModel read(Path file) {
    Document found;
    try {
      found = MAPPER.readValue(Files.readString(file), Document.class);
    } catch (JsonProcessingException e) {
      throw wrong(file, "it is no cost model: " + e.getOriginalMessage());
    } catch (NoSuchFileException e) {
      throw new TributaryException(
          ErrorCode.FILE_NOT_FOUND,
          "no cost model %s; make one with bench calibrate".formatted(file),
          e);
    } catch (IOException e) {
      throw new TributaryException(
          ErrorCode.FILE_UNREADABLE, "%s cannot be read: %s".formatted(file, e.getMessage()), e);
    }
    if (!FORMAT.equals(found.format)) {
      throw wrong(file, "its format is %s; wanted is %s".formatted(found.format, FORMAT));
    }
    if (found.version != VERSION) {
      throw wrong(
          file,
          "it has version %d; this build reads %d: make it anew with bench calibrate"
              .formatted(found.version, VERSION));
    }
    if (found.costs == null) {
      throw wrong(file, "it holds no costs");
    }
    return found.costs;
  }

  private static TributaryException wrong(Path file, String why) {
    return new TributaryException(ErrorCode.COST_MODEL, file + ": " + why);
  }
}
