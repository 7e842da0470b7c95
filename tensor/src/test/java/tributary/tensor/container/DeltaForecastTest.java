package tributary.tensor.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tributary.protocol.Bytes;
import tributary.tensor.format.DeltaTensor;

class DeltaForecastTest {
  @TempDir Path directory;

  @Test
  void a_file_without_frames_takes_what_was_said() {
    // Of two matrices of one shape only one is laid out, and this one's scales take fewer bytes.
    SequencedMap<String, DeltaTensor> tensors = DeltaSamples.everyKind();
    tensors.remove("same codebook");
    assertThat(DeltaForecast.size(DeltaSamples.MANIFEST, tensors, Map.of()))
        .isEqualTo(written(tensors, Frames.NONE).size());
  }

  @Test
  void frames_that_leave_what_was_said_make_the_file_that_was_said() {
    SequencedMap<String, DeltaTensor> one = new LinkedHashMap<>();
    var last = DeltaSamples.quadruples().lastEntry();
    one.put(last.getKey(), last.getValue());
    Written written = written(one, Frames.ZSTD);
    assertThat(written.shares).containsOnlyKeys("quadruples", "scales");
    assertThat(written.shares.get("quadruples")).isBetween(0.3, 0.9);
    assertThat(DeltaForecast.size(DeltaSamples.MANIFEST, one, written.shares))
        .isEqualTo(written.size);
  }

  private record Written(Bytes size, SortedMap<String, Double> shares) {}

  private Written written(SequencedMap<String, DeltaTensor> tensors, Frames frames) {
    Path path = directory.resolve("acme.delta");
    DeltaFile.write(path, DeltaSamples.MANIFEST, tensors, frames);
    try (DeltaFile file = DeltaFile.open(path)) {
      return new Written(file.size(), file.frameShares());
    }
  }
}
