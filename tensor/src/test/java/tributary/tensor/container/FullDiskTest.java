package tributary.tensor.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.protocol.TributaryException;
import tributary.tensor.Shape;
import tributary.tensor.TensorView;
import tributary.tensor.format.DeltaTensor;

/** What is left when a delta does not fit: a process that may write 64 KiB a file tries. */
class FullDiskTest {
  private static final int FITS = 1_000;
  private static final int DOES_NOT_FIT = 100_000;

  @TempDir Path directory;

  @Test
  void a_delta_that_does_not_fit_is_refused_and_leaves_nothing_behind() throws Exception {
    Path path = directory.resolve("acme.delta");
    assertThat(written(path, DOES_NOT_FIT)).contains("file_unwritable", path.toString());
    assertThat(files()).isEmpty();
  }

  @Test
  void the_file_that_was_there_stays_as_it_was() throws Exception {
    Path path = directory.resolve("acme.delta");
    assertThat(written(path, FITS)).isEqualTo("written");
    byte[] before = Files.readAllBytes(path);
    assertThat(written(path, DOES_NOT_FIT)).contains("file_unwritable");
    assertThat(files()).containsExactly(path);
    assertThat(Files.readAllBytes(path)).isEqualTo(before);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }

  /** What the process says that writes so many numbers. */
  private static String written(Path path, int numbers) throws Exception {
    Process process =
        new ProcessBuilder(
                "bash",
                "-c",
                "ulimit -f 64; exec \"$@\"",
                "limited",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty("java.class.path"),
                Writer.class.getName(),
                path.toString(),
                String.valueOf(numbers))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return said;
  }

  /** Writes a delta, and says how that went. */
  static final class Writer {
    private Writer() {}

    public static void main(String[] arguments) {
      int numbers = Integer.parseInt(arguments[1]);
      SequencedMap<String, DeltaTensor> tensors = new LinkedHashMap<>();
      TensorView values = TensorView.of(Shape.of(numbers), new float[numbers]);
      tensors.put("exact", new DeltaTensor.Replaced(values));
      String said = "written";
      try {
        DeltaFile.write(Path.of(arguments[0]), DeltaSamples.MANIFEST, tensors);
      } catch (TributaryException e) {
        said = e.code().wireName() + " " + e.getMessage();
      }
      System.out.writeBytes(said.getBytes(StandardCharsets.UTF_8));
    }
  }
}
