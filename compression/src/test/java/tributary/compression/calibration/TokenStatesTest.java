package tributary.compression.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.gpu.host.HostActivations;
import tributary.protocol.TributaryException;

class TokenStatesTest {
  private static final int HIDDEN = 700;
  private static final int WIDEST = 900;

  @TempDir private Path directory = Path.of("");

  private final SplittableRandom random = new SplittableRandom(5);

  /** Longer than what is read at a time, and two chunks. */
  private final List<Chunk> chunks =
      Chunk.of(new CalibrationSet(List.of(new int[1200], new int[800], new int[300])));

  @Test
  void each_chunk_gets_back_what_it_wrote_last_however_wide_its_input_was() {
    try (TokenStates states = TokenStates.in(directory, 2300, HIDDEN, WIDEST)) {
      List<HostActivations> hidden = chunks.stream().map(chunk -> values(chunk, HIDDEN)).toList();
      for (int columns : new int[] {WIDEST, 3}) {
        List<HostActivations> inputs =
            chunks.stream().map(chunk -> values(chunk, columns)).toList();
        for (int i = 0; i < chunks.size(); i++) {
          states.writeHidden(chunks.get(i), hidden.get(i));
          states.writeInput(chunks.get(i), inputs.get(i));
        }
        for (int i = 0; i < chunks.size(); i++) {
          HostActivations read = HostActivations.zeros(chunks.get(i).rows(), HIDDEN);
          states.readHidden(chunks.get(i), read);
          assertThat(read.values()).isEqualTo(hidden.get(i).values());
          read = HostActivations.zeros(chunks.get(i).rows(), columns);
          states.readInput(chunks.get(i), read);
          assertThat(read.values()).isEqualTo(inputs.get(i).values());
        }
      }
    }
  }

  @Test
  void nothing_has_a_name_in_the_directory_even_while_it_is_used() throws IOException {
    try (TokenStates states = TokenStates.in(directory, 2300, HIDDEN, WIDEST);
        Stream<Path> files = Files.list(directory)) {
      states.writeHidden(chunks.getFirst(), values(chunks.getFirst(), HIDDEN));
      assertThat(files).isEmpty();
    }
  }

  @Test
  void a_directory_that_takes_no_file_is_named() {
    Path missing = directory.resolve("missing");
    assertThatThrownBy(() -> TokenStates.in(missing, 1, 1, 1))
        .isInstanceOf(TributaryException.class)
        .hasMessageContainingAll("missing", "calibrate with fewer tokens");
  }

  private HostActivations values(Chunk chunk, int columns) {
    HostActivations values = HostActivations.zeros(chunk.rows(), columns);
    for (int i = 0; i < values.values().length; i++) {
      values.values()[i] = random.nextInt();
    }
    return values;
  }
}
