package tributary.model.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import tributary.protocol.Bytes;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** A JSON object in a file: bounded in size and depth, without duplicate keys. */
public final class JsonFile {
  private static final int DEPTH_MAX = 64;

  private static final ObjectMapper MAPPER =
      new ObjectMapper(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(DEPTH_MAX).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private JsonFile() {}

  /** Reads the object in {@code file}; {@code fault} is the code of every complaint about it. */
  public static ObjectNode read(Path file, Bytes sizeMax, ErrorCode fault) {
    byte[] text = FileText.bytes(file, sizeMax, fault);
    try {
      JsonNode root = MAPPER.readTree(text);
      if (root instanceof ObjectNode object) {
        return object;
      }
      throw new TributaryException(
          fault,
          "%s: holds a JSON %s; an object is wanted"
              .formatted(file, root.getNodeType().name().toLowerCase(java.util.Locale.ROOT)));
    } catch (IOException broken) { // Also characters that are none: Jackson guesses the encoding.
      String reason =
          broken instanceof JsonProcessingException syntax
              ? syntax.getOriginalMessage()
              : broken.getMessage();
      throw new TributaryException(fault, "%s: not valid JSON: %s".formatted(file, reason), broken);
    }
  }

  /** As {@link #read}, or empty when there is no such file. */
  public static Optional<ObjectNode> readIfPresent(Path file, Bytes sizeMax, ErrorCode fault) {
    return Files.isRegularFile(file) ? Optional.of(read(file, sizeMax, fault)) : Optional.empty();
  }
}
