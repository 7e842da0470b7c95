package tributary.tests.fuzz;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What fuzzing starts from: whole inputs, and those that once did harm. */
final class Corpus {
  private static final String GOLDEN = "/golden/format-3.delta";

  private Corpus() {}

  /** A target's inputs by name. */
  static Map<String, byte[]> of(FuzzTarget target) throws IOException {
    var inputs = new TreeMap<String, byte[]>();
    var resource = Corpus.class.getResource("/fuzz/" + target.folder());
    if (resource != null) {
      try (Stream<Path> files = Files.list(Path.of(resource.toURI()))) {
        for (Path file : files.toList()) {
          inputs.put(String.valueOf(file.getFileName()), Files.readAllBytes(file));
        }
      } catch (URISyntaxException e) {
        throw new AssertionError(e);
      }
    }
    switch (target) {
      case EVERY -> {
        for (FuzzTarget other : EnumSet.complementOf(EnumSet.of(target))) {
          of(other).forEach((name, input) -> inputs.put(other + "-" + name, after(other, input)));
        }
      }
      case DELTA -> {
        inputs.put("golden", delta());
        inputs.put("framed", read("/golden/format-3-framed.delta"));
        inputs.put("first", read("/golden/format-1.delta"));
      }
      case DELTA_HEADER -> inputs.put("golden", header());
      default -> {}
    }
    return inputs;
  }

  private static byte[] after(FuzzTarget target, byte[] input) {
    return ByteBuffer.allocate(1 + input.length)
        .put((byte) FuzzTarget.ALL.indexOf(target))
        .put(input)
        .array();
  }

  /** A delta file with a tensor of every kind. */
  static byte[] delta() throws IOException {
    return read(GOLDEN);
  }

  /** What follows the header of {@link #delta}. */
  static byte[] numbers() throws IOException {
    byte[] golden = delta();
    return Arrays.copyOfRange(golden, headerEnd(golden), golden.length);
  }

  private static byte[] header() throws IOException {
    byte[] golden = delta();
    return Arrays.copyOfRange(golden, Long.BYTES, headerEnd(golden));
  }

  private static int headerEnd(byte[] file) {
    long length = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    return Math.toIntExact(Long.BYTES + length);
  }

  private static byte[] read(String resource) throws IOException {
    try (InputStream stream = Corpus.class.getResourceAsStream(resource)) {
      return Objects.requireNonNull(stream, resource).readAllBytes();
    }
  }
}
